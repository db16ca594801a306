// The words of OCSF 1.8.0 that our events are written in: its classes, and the values of its enumerations with the
// captions that must stand beside them. tests/trail holds every event against OCSF's own schema.
#pragma once

namespace kedge::ocsf {

inline constexpr const char* kVersion = "1.8.0";

// A value of an enumeration. 99 is OCSF's "Other": its caption is then the source's own word.
struct Word {
  int id;
  const char* caption;
};
constexpr Word other(const char* own_word) { return {99, own_word}; }
inline constexpr Word kUnknown{0, "Unknown"};

struct Class {
  int uid;
  const char* caption;
  int category_uid;
  const char* category;
};
inline constexpr Class kBaseEvent{0, "Base Event", 0, "Uncategorized"};
inline constexpr Class kFileActivity{1001, "File System Activity", 1, "System Activity"};
inline constexpr Class kEventLogActivity{1008, "Event Log Activity", 1, "System Activity"};
inline constexpr Class kDetectionFinding{2004, "Detection Finding", 2, "Findings"};
inline constexpr Class kEntityManagement{3004, "Entity Management", 3, "Identity & Access Management"};
inline constexpr Class kApplicationLifecycle{6002, "Application Lifecycle", 6, "Application Activity"};
inline constexpr Class kApplicationError{6008, "Application Error", 6, "Application Activity"};
inline constexpr Class kRemediationActivity{7001, "Remediation Activity", 7, "Remediation"};
inline constexpr Class kFileRemediation{7002, "File Remediation Activity", 7, "Remediation"};
inline constexpr Class kNetworkRemediation{7004, "Network Remediation Activity", 7, "Remediation"};

namespace finding {
inline constexpr Word kCreate{1, "Create"}, kUpdate{2, "Update"}, kClose{3, "Close"};  // activity
inline constexpr Word kNew{1, "New"}, kInProgress{2, "In Progress"}, kSuppressed{3, "Suppressed"},
    kResolved{4, "Resolved"};
}  // namespace finding

namespace remediation {
inline constexpr Word kIsolate{1, "Isolate"}, kRestore{3, "Restore"};                      // activity
inline constexpr Word kSuccess{1, "Success"}, kFailure{2, "Failure"}, kError{6, "Error"};  // status
}  // namespace remediation

namespace file {
inline constexpr Word kCreate{1, "Create"}, kUpdate{3, "Update"}, kDelete{4, "Delete"}, kRename{5, "Rename"},
    kSetAttributes{6, "Set Attributes"}, kSetSecurity{7, "Set Security"};
}  // namespace file

namespace entity {
inline constexpr Word kCreate{1, "Create"}, kUpdate{3, "Update"}, kDelete{4, "Delete"}, kDeactivate{11, "Deactivate"};
inline constexpr Word kPolicy{5, "Policy"};  // type
}  // namespace entity

namespace application {
inline constexpr Word kStart{3, "Start"}, kStop{4, "Stop"}, kEnable{6, "Enable"}, kDisable{7, "Disable"},
    kUpdate{8, "Update"};
inline constexpr Word kGeneralError{1, "General Error"}, kTranslationError{2, "Translation Error"};
}  // namespace application

namespace event_log {
inline constexpr Word kStart{6, "Start"};
inline constexpr Word kApplication{2, "Application"};  // log_type
}  // namespace event_log

namespace action {  // of the profile security_control
inline constexpr Word kAllowed{1, "Allowed"}, kDenied{2, "Denied"}, kObserved{3, "Observed"};
}  // namespace action
namespace disposition {
inline constexpr Word kAllowed{1, "Allowed"}, kBlocked{2, "Blocked"}, kApproved{8, "Approved"}, kDelayed{14, "Delayed"},
    kNoAction{16, "No Action"}, kLogged{17, "Logged"}, kRejected{25, "Rejected"};
}  // namespace disposition

namespace severity {
inline constexpr Word kInformational{1, "Informational"}, kLow{2, "Low"}, kMedium{3, "Medium"}, kHigh{4, "High"},
    kCritical{5, "Critical"};
}  // namespace severity

namespace observable_type {
inline constexpr Word kIpAddress{2, "IP Address"}, kUserName{4, "User Name"}, kResourceUid{10, "Resource UID"},
    kFilePath{45, "File Path"};
}  // namespace observable_type

// Status of classes that have none of their own.
namespace status {
inline constexpr Word kSuccess{1, "Success"}, kFailure{2, "Failure"};
}  // namespace status

}  // namespace kedge::ocsf
