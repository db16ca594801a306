#include "host/python_cache.h"

#include <gtest/gtest.h>

namespace kedge {
namespace {

TEST(PythonCache, KnowsTheSource) {
  EXPECT_EQ(python_source_of("x/__pycache__/six.cpython-311.pyc"), "x/six.py");
  EXPECT_EQ(python_source_of("x/__pycache__/six.cpython-311.opt-2.pyc"), "x/six.py");
  EXPECT_EQ(python_source_of("x/__pycache__/six.pypy39.pyc"), "x/six.py");
  EXPECT_EQ(python_source_of("x/__pycache__/test_a.cpython-311-pytest-7.2.1.pyc"), "x/test_a.cpython-311-pytest-7.2.py")
      << "dots in a tag are no module's: a source that is not there";
  EXPECT_EQ(python_source_of("x/__pycache__/a.b.cpython-311.pyc"), "x/a.b.py");
  EXPECT_EQ(python_source_of("__pycache__/six.cpython-311.pyc"), "six.py");
}

TEST(PythonCache, KnowsItWhileItIsWritten) {
  EXPECT_EQ(python_source_of("x/__pycache__/six.cpython-311.pyc.140234567"), "x/six.py");
  EXPECT_EQ(python_source_of("x/__pycache__/six.cpython-311.pyc.so"), std::nullopt);
}

TEST(PythonCache, WhatIsNotNamedSoHasNone) {
  for (const char* path : {"", "x/six.pyc", "x/__pycache__/six.pyc", "x/__pycache__/.cpython-311.pyc",
                           "x/__pycache__/six.so", "x/__pycache__", "x/__pycache__/d/six.cpython-311.pyc",
                           "x/not__pycache__/six.cpython-311.pyc", "six.cpython-311.pyc"}) {
    EXPECT_EQ(python_source_of(path), std::nullopt) << path;
  }
}

}  // namespace
}  // namespace kedge
