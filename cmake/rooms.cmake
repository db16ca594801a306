# How a room (a folder of the engine) becomes a library, and how its tests become a program.

set(KEDGE_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
                   -Woverloaded-virtual)
# A warning is an error, but not where GCC optimises: what it then believes of std::string's inside is often not so.
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  list(APPEND KEDGE_WARNINGS -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # librdkafka's macros are GNU expressions; a field that has a default need not be named.
  list(APPEND KEDGE_WARNINGS -Wthread-safety -Wno-gnu-statement-expression -Wno-missing-field-initializers)
endif()

if(KEDGE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(KEDGE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
endif()
if(KEDGE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# kedge_table("room : allowed rooms"...) remembers the table and writes it where the include test reads it.
function(kedge_table)
  set(rooms)
  set(text "")
  foreach(row ${ARGN})
    string(REGEX MATCH "^([a-z_]+) *: *(.*)$" matched "${row}")
    set(room ${CMAKE_MATCH_1})
    string(REGEX REPLACE " +" ";" allowed "${CMAKE_MATCH_2}")
    list(APPEND rooms ${room})
    set_property(GLOBAL PROPERTY kedge_allowed_${room} "${allowed}")
    list(JOIN allowed " " row)
    string(APPEND text "${room}: ${row}\n")
  endforeach()
  set_property(GLOBAL PROPERTY kedge_rooms "${rooms}")
  file(WRITE ${CMAKE_BINARY_DIR}/rooms.txt "${text}")
endfunction()

# The folder of a room: engine/NAME, but for the actions, which stand beside the engine.
function(kedge_folder room result)
  if(room STREQUAL "actions")
    set(${result} ${CMAKE_SOURCE_DIR}/actions PARENT_SCOPE)
  else()
    set(${result} ${CMAKE_SOURCE_DIR}/engine/${room} PARENT_SCOPE)
  endif()
endfunction()

function(kedge_rooms)
  get_property(rooms GLOBAL PROPERTY kedge_rooms)
  foreach(room ${rooms})
    kedge_folder(${room} folder)
    if(EXISTS ${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# kedge_room(NAME SOURCES a.cc... LIBRARIES lib...): the library kedge_NAME, linked to the rooms that the
# table lets it include.
function(kedge_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_library(kedge_${name} STATIC ${ROOM_SOURCES})
  target_compile_options(kedge_${name} PRIVATE ${KEDGE_WARNINGS})
  target_include_directories(kedge_${name} PUBLIC ${CMAKE_SOURCE_DIR}/engine ${CMAKE_SOURCE_DIR})
  target_link_libraries(kedge_${name} PUBLIC ${ROOM_LIBRARIES})
  get_property(allowed GLOBAL PROPERTY kedge_allowed_${name})
  if(allowed STREQUAL "*")
    get_property(allowed GLOBAL PROPERTY kedge_rooms)
    list(REMOVE_ITEM allowed ${name})
  endif()
  foreach(room ${allowed})
    if(TARGET kedge_${room})
      target_link_libraries(kedge_${name} PUBLIC kedge_${room})
    endif()
  endforeach()
endfunction()

# kedge_test(NAME SOURCES a_test.cc... ROOMS room... LIBRARIES lib... LABELS label... LOCK name FIXTURE name):
# the program test_NAME, each of its tests known to ctest. Labels: `unit` needs no other process (the default), `threads`
# also runs under the thread sanitizer, `e2e` talks to programs that the tests start. Tests with one LOCK never run at
# the same time; FIXTURE names what ctest starts before them (kafka: see tests/e2e/CMakeLists.txt).
function(kedge_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT;LOCK;FIXTURE" "SOURCES;ROOMS;LIBRARIES;LABELS" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  # A test runs for a moment: that it compiles quickly counts for more.
  target_compile_options(test_${name} PRIVATE ${KEDGE_WARNINGS} $<$<CONFIG:RelWithDebInfo>:-O1;-g1>
                                              $<$<BOOL:${KEDGE_SANITIZE}>:-O0>)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR})
  foreach(room ${TEST_ROOMS})
    target_link_libraries(test_${name} PRIVATE kedge_${room})
  endforeach()
  target_link_libraries(test_${name} PRIVATE ${TEST_LIBRARIES} GTest::gtest GTest::gmock GTest::gtest_main)
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  set(properties TIMEOUT ${TEST_TIMEOUT})
  if(TEST_LOCK)
    list(APPEND properties RESOURCE_LOCK ${TEST_LOCK})
  endif()
  if(TEST_FIXTURE)
    list(APPEND properties FIXTURES_REQUIRED ${TEST_FIXTURE} ENVIRONMENT KEDGE_BROKERS=${CMAKE_BINARY_DIR}/kafka)
  endif()
  string(REPLACE ";" "-" label "${TEST_LABELS}")  # one word: gtest_discover_tests takes lists apart
  gtest_discover_tests(test_${name} TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST NO_PRETTY_VALUES
                       PROPERTIES LABELS ${label} ${properties})
  foreach(label ${TEST_LABELS})
    kedge_group(tests_${label} test_${name})
  endforeach()
endfunction()

# kedge_tell_places(FILE...): these sources of the folder are told where the tree and the build lie. Only they, so that a
# compiler's cache knows the others again in another place.
function(kedge_tell_places)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_DEFINITIONS KEDGE_SOURCE_DIR="${CMAKE_SOURCE_DIR}"
                                                                  KEDGE_BINARY_DIR="${CMAKE_BINARY_DIR}")
endfunction()

# kedge_group(GROUP TARGET): building GROUP builds the target.
function(kedge_group group target)
  if(NOT TARGET ${group})
    add_custom_target(${group})
  endif()
  add_dependencies(${group} ${target})
endfunction()
