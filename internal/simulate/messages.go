package simulate

// Message texts as Windows writes them, without the closing explanations.
// Names in braces are event fields. Codes such as %%1833 stay as they are
// stored, as in records whose forwarder lacks the provider's message table.
var (
	msgLogon = parseTemplate(`
An account was successfully logged on.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Logon Information:
	Logon Type:		{LogonType}
	Restricted Admin Mode:	{RestrictedAdminMode}
	Virtual Account:		{VirtualAccount}
	Elevated Token:		{ElevatedToken}

Impersonation Level:		{ImpersonationLevel}

New Logon:
	Security ID:		{TargetUserSid}
	Account Name:		{TargetUserName}
	Account Domain:		{TargetDomainName}
	Logon ID:		{TargetLogonId}
	Linked Logon ID:		{TargetLinkedLogonId}
	Logon GUID:		{LogonGuid}

Process Information:
	Process ID:		{ProcessId}
	Process Name:		{ProcessName}

Network Information:
	Workstation Name:	{WorkstationName}
	Source Network Address:	{IpAddress}
	Source Port:		{IpPort}

Detailed Authentication Information:
	Logon Process:		{LogonProcessName}
	Authentication Package:	{AuthenticationPackageName}`)

	msgLogonFailed = parseTemplate(`
An account failed to log on.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Logon Type:			{LogonType}

Account For Which Logon Failed:
	Security ID:		{TargetUserSid}
	Account Name:		{TargetUserName}
	Account Domain:		{TargetDomainName}

Failure Information:
	Failure Reason:		{FailureReason}
	Status:			{Status}
	Sub Status:		{SubStatus}

Network Information:
	Workstation Name:	{WorkstationName}
	Source Network Address:	{IpAddress}
	Source Port:		{IpPort}`)

	msgLogoff = parseTemplate(`
An account was logged off.

Subject:
	Security ID:		{TargetUserSid}
	Account Name:		{TargetUserName}
	Account Domain:		{TargetDomainName}
	Logon ID:		{TargetLogonId}

Logon Type:			{LogonType}`)

	msgExplicit = parseTemplate(`
A logon was attempted using explicit credentials.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}
	Logon GUID:		{LogonGuid}

Account Whose Credentials Were Used:
	Account Name:		{TargetUserName}
	Account Domain:		{TargetDomainName}
	Logon GUID:		{TargetLogonGuid}

Target Server:
	Target Server Name:	{TargetServerName}
	Additional Information:	{TargetInfo}

Process Information:
	Process ID:		{ProcessId}
	Process Name:		{ProcessName}`)

	msgPrivileges = parseTemplate(`
Special privileges assigned to new logon.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Privileges:		{PrivilegeList}`)

	msgStart = parseTemplate(`
A new process has been created.

Creator Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Process Information:
	New Process ID:		{NewProcessId}
	New Process Name:	{NewProcessName}
	Token Elevation Type:	{TokenElevationType}
	Mandatory Label:		{MandatoryLabel}
	Creator Process ID:	{ProcessId}
	Creator Process Name:	{ParentProcessName}
	Process Command Line:	{CommandLine}`)

	msgExit = parseTemplate(`
A process has exited.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Process Information:
	Process ID:	{ProcessId}
	Process Name:	{ProcessName}
	Exit Status:	{Status}`)

	msgServiceInstall = parseTemplate(`
A service was installed in the system.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Service Information:
	Service Name: 		{ServiceName}
	Service File Name:	{ServiceFileName}
	Service Type: 		{ServiceType}
	Service Start Type:	{ServiceStartType}
	Service Account: 		{ServiceAccount}`)

	msgService = parseTemplate(`
A service was installed in the system.

Service Name:  {ServiceName}
Service File Name:  {ImagePath}
Service Type:  {ServiceType}
Service Start Type:  {StartType}
Service Account:  {AccountName}`)

	msgServiceState = parseTemplate(`The {param1} service entered the {param2} state.`)

	msgTask = parseTemplate(`
A scheduled task was created.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Task Information:
	Task Name: 		{TaskName}
	Task Content: 		{TaskContent}`)

	msgAccount = parseTemplate(`
A user account was created.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

New Account:
	Security ID:		{TargetSid}
	Account Name:		{TargetUserName}
	Account Domain:		{TargetDomainName}`)

	msgGroup = parseTemplate(`
A member was added to a security-enabled global group.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Member:
	Security ID:		{MemberSid}
	Account Name:		{MemberName}

Group:
	Security ID:		{TargetSid}
	Group Name:		{TargetUserName}
	Group Domain:		{TargetDomainName}`)

	msgCleared = parseTemplate(`
The audit log was cleared.
Subject:
	Security ID:	{SubjectUserSid}
	Account Name:	{SubjectUserName}
	Domain Name:	{SubjectDomainName}
	Logon ID:	{SubjectLogonId}`)

	msgLogFileCleared = parseTemplate(`The {Channel} log file was cleared.`)

	msgShare = parseTemplate(`
A network share object was accessed.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Network Information:
	Object Type:		{ObjectType}
	Source Address:		{IpAddress}
	Source Port:		{IpPort}

Share Information:
	Share Name:		{ShareName}
	Share Path:		{ShareLocalPath}

Access Request Information:
	Access Mask:		{AccessMask}
	Accesses:		{AccessList}`)

	msgShareFile = parseTemplate(`
A network share object was checked to see whether client can be granted desired access.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Network Information:
	Object Type:		{ObjectType}
	Source Address:		{IpAddress}
	Source Port:		{IpPort}

Share Information:
	Share Name:		{ShareName}
	Share Path:		{ShareLocalPath}
	Relative Target Name:	{RelativeTargetName}

Access Request Information:
	Access Mask:		{AccessMask}
	Accesses:		{AccessList}`)

	msgAccess = parseTemplate(`
An attempt was made to access an object.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Object:
	Object Server:		{ObjectServer}
	Object Type:		{ObjectType}
	Object Name:		{ObjectName}
	Handle ID:		{HandleId}

Process Information:
	Process ID:		{ProcessId}
	Process Name:		{ProcessName}

Access Request Information:
	Accesses:		{AccessList}
	Access Mask:		{AccessMask}`)

	msgTicketGranting = parseTemplate(`
A Kerberos authentication ticket (TGT) was requested.

Account Information:
	Account Name:		{TargetUserName}
	Supplied Realm Name:	{TargetDomainName}
	User ID:			{TargetSid}

Service Information:
	Service Name:		{ServiceName}
	Service ID:		{ServiceSid}

Network Information:
	Client Address:		{IpAddress}
	Client Port:		{IpPort}

Additional Information:
	Ticket Options:		{TicketOptions}
	Result Code:		{Status}
	Ticket Encryption Type:	{TicketEncryptionType}
	Pre-Authentication Type:	{PreAuthType}`)

	msgTicket = parseTemplate(`
A Kerberos service ticket was requested.

Account Information:
	Account Name:		{TargetUserName}
	Account Domain:		{TargetDomainName}
	Logon GUID:		{LogonGuid}

Service Information:
	Service Name:		{ServiceName}
	Service ID:		{ServiceSid}

Network Information:
	Client Address:		{IpAddress}
	Client Port:		{IpPort}

Additional Information:
	Ticket Options:		{TicketOptions}
	Ticket Encryption Type:	{TicketEncryptionType}
	Failure Code:		{Status}`)

	msgDevice = parseTemplate(`
A new external device was recognized by the system.

Subject:
	Security ID:		{SubjectUserSid}
	Account Name:		{SubjectUserName}
	Account Domain:		{SubjectDomainName}
	Logon ID:		{SubjectLogonId}

Device ID:	{DeviceId}

Device Name:	{DeviceDescription}

Class ID:		{ClassId}

Class Name:	{ClassName}`)

	msgShutdown = parseTemplate(`The process {param1} has initiated the {param5} of computer ` +
		`{param2} on behalf of user {param7} for the following reason: {param3}`)

	msgLogService = parseTemplate(`The Event log service was {State}.`)

	msgScriptBlock = parseTemplate(`
Creating Scriptblock text ({MessageNumber} of {MessageTotal}):
{ScriptBlockText}

ScriptBlock ID: {ScriptBlockId}
Path: {Path}`)
)
