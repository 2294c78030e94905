package event

// Class describes one OCSF event class that Evident maps to.
type Class struct {
	UID        uint32
	Name       string
	Category   string
	Activities map[uint8]string
}

// The OCSF classes Evident maps to, by class_uid.
const (
	ClassFile         = 1001
	ClassModule       = 1005
	ClassJob          = 1006
	ClassProcess      = 1007
	ClassEventLog     = 1008
	ClassScript       = 1009
	ClassFinding      = 2004
	ClassAccount      = 3001
	ClassAuth         = 3002
	ClassAuthorize    = 3003
	ClassEntity       = 3004
	ClassGroup        = 3006
	ClassNetwork      = 4001
	ClassHTTP         = 4002
	ClassDNS          = 4003
	ClassSMB          = 4006
	ClassSSH          = 4007
	ClassEmail        = 4009
	ClassConfig       = 5019
	ClassWeb          = 6001
	ClassAPI          = 6003
	ClassRegKey       = 201001
	ClassRegValue     = 201002
	ClassWinResource  = 201003
	ClassWinService   = 201004
	ActivityUnknown   = 0
	ActivityOther     = 99
	ProcessLaunch     = 1
	ProcessTerminate  = 2
	ProcessOpen       = 3
	ProcessInject     = 4
	AuthLogon         = 1
	AuthLogoff        = 2
	AuthTicket        = 3
	AuthServiceTicket = 4
	AuthPreauth       = 7 // explicit credentials (4648)
)

var crud = map[uint8]string{1: "Create", 2: "Read", 3: "Update", 4: "Delete"}

// classes follows schema 1.9; classes of the Windows extension are 2010nn.
var classes = []Class{
	{ClassFile, "File System Activity", "System Activity", map[uint8]string{
		1: "Create", 2: "Read", 3: "Update", 4: "Delete", 5: "Rename", 6: "Set Attributes", 14: "Open",
	}},
	{ClassModule, "Module Activity", "System Activity", map[uint8]string{1: "Load", 2: "Unload"}},
	{ClassJob, "Scheduled Job Activity", "System Activity", map[uint8]string{
		1: "Create", 2: "Update", 3: "Delete", 4: "Enable", 5: "Disable", 6: "Start",
	}},
	{ClassProcess, "Process Activity", "System Activity", map[uint8]string{
		1: "Launch", 2: "Terminate", 3: "Open", 4: "Inject", 5: "Set User ID",
	}},
	{ClassEventLog, "Event Log Activity", "System Activity", map[uint8]string{
		1: "Clear", 2: "Delete", 3: "Export", 4: "Archive", 7: "Stop", 9: "Disable",
	}},
	{ClassScript, "Script Activity", "System Activity", map[uint8]string{1: "Execute"}},
	{ClassFinding, "Detection Finding", "Findings", map[uint8]string{1: "Create", 2: "Update", 3: "Close"}},
	{ClassAccount, "Account Change", "Identity & Access Management", map[uint8]string{
		1: "Create", 2: "Enable", 3: "Password Change", 4: "Password Reset", 5: "Disable", 6: "Delete",
		7: "Attach Policy", 9: "Lock", 10: "MFA Enable", 11: "MFA Disable", 12: "Update",
	}},
	{ClassAuth, "Authentication", "Identity & Access Management", map[uint8]string{
		1: "Logon", 2: "Logoff", 3: "Authentication Ticket", 4: "Service Ticket Request", 7: "Preauth",
	}},
	{ClassAuthorize, "Authorize Session", "Identity & Access Management", map[uint8]string{
		1: "Assign Privileges", 2: "Assign Groups",
	}},
	{ClassEntity, "Entity Management", "Identity & Access Management", crud},
	{ClassGroup, "Group Management", "Identity & Access Management", map[uint8]string{
		1: "Assign Privileges", 3: "Add User", 4: "Remove User", 6: "Create",
	}},
	{ClassNetwork, "Network Activity", "Network Activity", map[uint8]string{
		1: "Open", 2: "Close", 4: "Fail", 5: "Refuse", 6: "Traffic", 7: "Listen",
	}},
	{ClassHTTP, "HTTP Activity", "Network Activity", map[uint8]string{3: "Get", 6: "Post"}},
	{ClassDNS, "DNS Activity", "Network Activity", map[uint8]string{1: "Query", 2: "Response", 6: "Traffic"}},
	{ClassSMB, "SMB Activity", "Network Activity", map[uint8]string{2: "File Create", 1: "File Supersede", 3: "File Open"}},
	{ClassSSH, "SSH Activity", "Network Activity", map[uint8]string{1: "Open", 2: "Close", 4: "Fail"}},
	{ClassEmail, "Email Activity", "Network Activity", map[uint8]string{1: "Send", 2: "Receive", 3: "Scan"}},
	{ClassConfig, "Device Config State Change", "Discovery", map[uint8]string{1: "Log", 2: "Collect"}},
	{ClassWeb, "Web Resources Activity", "Application Activity", crud},
	{ClassAPI, "API Activity", "Application Activity", crud},
	{ClassRegKey, "Registry Key Activity", "System Activity", crud},
	{ClassRegValue, "Registry Value Activity", "System Activity", map[uint8]string{
		1: "Get", 2: "Set", 3: "Modify", 4: "Delete",
	}},
	{ClassWinResource, "Windows Resource Activity", "System Activity", map[uint8]string{1: "Access", 2: "Create"}},
	{ClassWinService, "Windows Service Activity", "System Activity", map[uint8]string{
		1: "Create", 2: "Reconfigure", 3: "Start", 4: "Stop", 8: "Delete",
	}},
}

// ClassInfo returns the description of class_uid uid; the zero Class where
// Evident does not map to it.
func ClassInfo(uid uint32) Class {
	for i := range classes {
		if classes[i].UID == uid {
			return classes[i]
		}
	}
	return Class{Name: "Base Event", Category: "Uncategorized"}
}

// ActivityName returns the OCSF activity_name of the class, "Other" or
// "Unknown" where the class has none of that number.
func (c Class) ActivityName(id uint8) string {
	if name, ok := c.Activities[id]; ok {
		return name
	}
	if id == ActivityUnknown {
		return "Unknown"
	}
	return "Other"
}
