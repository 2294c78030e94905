package event

// Attr indexes the dictionary: one OCSF attribute that Evident extracts, stores
// as a lake column and offers to search.
type Attr uint8

// The attributes, in the order of the lake's columns. Their paths, types and
// captions are in Dictionary.
const (
	AttrLogName Attr = iota
	AttrLogProvider
	AttrEventCode
	AttrOriginalTime
	AttrSequence
	AttrProductName
	AttrLogSource
	AttrHost
	AttrHostDomain
	AttrHostIP
	AttrDeviceUID
	AttrDeviceType
	AttrDeviceOS
	AttrActorUser
	AttrActorDomain
	AttrActorUID
	AttrActorSession
	AttrActorProcessUID
	AttrActorPID
	AttrActorPath
	AttrActorName
	AttrActorCmdLine
	AttrProcessUID
	AttrProcessPID
	AttrProcessPath
	AttrProcessName
	AttrProcessCmdLine
	AttrProcessCWD
	AttrProcessUser
	AttrProcessSession
	AttrProcessSessionGUID
	AttrProcessIntegrity
	AttrProcessSHA256
	AttrProcessMD5
	AttrProcessOriginal
	AttrFilePath
	AttrFileName
	AttrFileSHA256
	AttrFileMD5
	AttrFileSize
	AttrFileOrigin
	AttrFileSigned
	AttrRegKey
	AttrRegValue
	AttrSrcIP
	AttrSrcPort
	AttrSrcHost
	AttrDstIP
	AttrDstPort
	AttrDstHost
	AttrProtocol
	AttrDirection
	AttrConnUID
	AttrBytesIn
	AttrBytesOut
	AttrAppProtocol
	AttrQueryName
	AttrQueryType
	AttrAnswers
	AttrHTTPMethod
	AttrURL
	AttrUserAgent
	AttrHTTPStatus
	AttrUser
	AttrUserDomain
	AttrUserUID
	AttrSession
	AttrSessionGUID
	AttrLinkedSession
	AttrLogonType
	AttrAuthProtocol
	AttrMFA
	AttrStatus
	AttrStatusDetail
	AttrGroup
	AttrService
	AttrServiceCmd
	AttrJob
	AttrJobCmd
	AttrShare
	AttrResource
	AttrScript
	AttrAccess
	AttrPrivileges
	AttrCloudAccount
	AttrOperation
	AttrOperationService
	AttrApp
	AttrResourceName
	AttrPolicy
	AttrMessage
	NumAttrs // how many there are
)

// dictionary is indexed by Attr.
var dictionary = [NumAttrs]Attribute{
	AttrLogName:            {Path: "metadata.log_name", Type: TypeText, Caption: "Log or channel the record was written to"},
	AttrLogProvider:        {Path: "metadata.log_provider", Type: TypeText, Caption: "Program that wrote the record"},
	AttrEventCode:          {Path: "metadata.event_code", Type: TypeText, Caption: "The source's own event number or name"},
	AttrOriginalTime:       {Path: "metadata.original_time", Type: TypeText, Caption: "Time text in the payload, where it differs from the event time"},
	AttrSequence:           {Path: "metadata.sequence", Type: TypeInt, Caption: "Record number given by the source"},
	AttrProductName:        {Path: "metadata.product.name", Type: TypeText, Caption: "Product that produced the log"},
	AttrLogSource:          {Path: "evident.source", Type: TypeText, Caption: "Where Evident read the record: file, member, receiver"},
	AttrHost:               {Path: "device.hostname", Type: TypeText, Caption: "Host the event happened on, lower case, without domain", Identifier: true},
	AttrHostDomain:         {Path: "device.domain", Type: TypeText, Caption: "Domain of the host"},
	AttrHostIP:             {Path: "device.ip", Type: TypeText, Caption: "Address of the host", Identifier: true},
	AttrDeviceUID:          {Path: "device.uid", Type: TypeText, Caption: "Identifier of the device, e.g. in device management", Identifier: true},
	AttrDeviceType:         {Path: "device.type", Type: TypeText, Caption: "Kind of device: desktop, server, mobile"},
	AttrDeviceOS:           {Path: "device.os.name", Type: TypeText, Caption: "Operating system of the device"},
	AttrActorUser:          {Path: "actor.user.name", Type: TypeText, Caption: "Account that acted", Identifier: true, Person: true},
	AttrActorDomain:        {Path: "actor.user.domain", Type: TypeText, Caption: "Domain of the account that acted"},
	AttrActorUID:           {Path: "actor.user.uid", Type: TypeText, Caption: "Identifier (SID, uid) of the account that acted", Identifier: true, Person: true},
	AttrActorSession:       {Path: "actor.session.uid", Type: TypeText, Caption: "Logon session that acted, e.g. a Windows LogonId", Identifier: true},
	AttrActorProcessUID:    {Path: "actor.process.uid", Type: TypeText, Caption: "Unique identifier of the acting process", Identifier: true},
	AttrActorPID:           {Path: "actor.process.pid", Type: TypeInt, Caption: "Process id of the acting process"},
	AttrActorPath:          {Path: "actor.process.file.path", Type: TypeText, Caption: "Image path of the acting process"},
	AttrActorName:          {Path: "actor.process.file.name", Type: TypeText, Caption: "Image name of the acting process"},
	AttrActorCmdLine:       {Path: "actor.process.cmd_line", Type: TypeText, Caption: "Command line of the acting process"},
	AttrProcessUID:         {Path: "process.uid", Type: TypeText, Caption: "Unique identifier of the process acted upon or started", Identifier: true},
	AttrProcessPID:         {Path: "process.pid", Type: TypeInt, Caption: "Process id"},
	AttrProcessPath:        {Path: "process.file.path", Type: TypeText, Caption: "Image path"},
	AttrProcessName:        {Path: "process.file.name", Type: TypeText, Caption: "Image name"},
	AttrProcessCmdLine:     {Path: "process.cmd_line", Type: TypeText, Caption: "Command line"},
	AttrProcessCWD:         {Path: "process.working_directory", Type: TypeText, Caption: "Working directory"},
	AttrProcessUser:        {Path: "process.user.name", Type: TypeText, Caption: "Account the process runs as", Identifier: true, Person: true},
	AttrProcessSession:     {Path: "process.session.uid", Type: TypeText, Caption: "Logon session the process runs in", Identifier: true},
	AttrProcessSessionGUID: {Path: "process.session.uid_alt", Type: TypeText, Caption: "Globally unique identifier of that session", Identifier: true},
	AttrProcessIntegrity:   {Path: "process.integrity", Type: TypeText, Caption: "Integrity level"},
	AttrProcessSHA256:      {Path: "process.file.hashes.sha256", Type: TypeText, Caption: "SHA-256 of the image", Identifier: true},
	AttrProcessMD5:         {Path: "process.file.hashes.md5", Type: TypeText, Caption: "MD5 of the image", Identifier: true},
	AttrProcessOriginal:    {Path: "process.file.internal_name", Type: TypeText, Caption: "File name stored inside the image"},
	AttrFilePath:           {Path: "file.path", Type: TypeText, Caption: "Path of the file acted upon"},
	AttrFileName:           {Path: "file.name", Type: TypeText, Caption: "Name of the file acted upon"},
	AttrFileSHA256:         {Path: "file.hashes.sha256", Type: TypeText, Caption: "SHA-256 of the file", Identifier: true},
	AttrFileMD5:            {Path: "file.hashes.md5", Type: TypeText, Caption: "MD5 of the file", Identifier: true},
	AttrFileSize:           {Path: "file.size", Type: TypeInt, Caption: "Size of the file in bytes"},
	AttrFileOrigin:         {Path: "file.url", Type: TypeText, Caption: "Address the file was fetched from (mark of the web)"},
	AttrFileSigned:         {Path: "file.signature.status", Type: TypeText, Caption: "Signature state of the file"},
	AttrRegKey:             {Path: "reg_key.path", Type: TypeText, Caption: "Registry key"},
	AttrRegValue:           {Path: "reg_value.data", Type: TypeText, Caption: "Data written to the registry value"},
	AttrSrcIP:              {Path: "src_endpoint.ip", Type: TypeText, Caption: "Source address", Identifier: true},
	AttrSrcPort:            {Path: "src_endpoint.port", Type: TypeInt, Caption: "Source port"},
	AttrSrcHost:            {Path: "src_endpoint.hostname", Type: TypeText, Caption: "Source host name", Identifier: true},
	AttrDstIP:              {Path: "dst_endpoint.ip", Type: TypeText, Caption: "Destination address", Identifier: true},
	AttrDstPort:            {Path: "dst_endpoint.port", Type: TypeInt, Caption: "Destination port"},
	AttrDstHost:            {Path: "dst_endpoint.hostname", Type: TypeText, Caption: "Destination host name", Identifier: true},
	AttrProtocol:           {Path: "connection_info.protocol_name", Type: TypeText, Caption: "Network protocol"},
	AttrDirection:          {Path: "connection_info.direction", Type: TypeText, Caption: "inbound or outbound"},
	AttrConnUID:            {Path: "connection_info.uid", Type: TypeText, Caption: "Identifier of the connection, e.g. Zeek's uid", Identifier: true},
	AttrBytesIn:            {Path: "traffic.bytes_in", Type: TypeInt, Caption: "Bytes received by the source of the connection"},
	AttrBytesOut:           {Path: "traffic.bytes_out", Type: TypeInt, Caption: "Bytes sent by the source of the connection"},
	AttrAppProtocol:        {Path: "connection_info.app_protocol", Type: TypeText, Caption: "Application protocol recognised on the wire"},
	AttrQueryName:          {Path: "query.hostname", Type: TypeText, Caption: "Name asked for", Identifier: true},
	AttrQueryType:          {Path: "query.type", Type: TypeText, Caption: "Record type asked for"},
	AttrAnswers:            {Path: "answers.rdata", Type: TypeText, Caption: "Answers, joined with commas"},
	AttrHTTPMethod:         {Path: "http_request.http_method", Type: TypeText, Caption: "Request method"},
	AttrURL:                {Path: "http_request.url.url_string", Type: TypeText, Caption: "Address requested"},
	AttrUserAgent:          {Path: "http_request.user_agent", Type: TypeText, Caption: "User agent"},
	AttrHTTPStatus:         {Path: "http_response.code", Type: TypeInt, Caption: "Response code"},
	AttrUser:               {Path: "user.name", Type: TypeText, Caption: "Account acted upon, or that signed in", Identifier: true, Person: true},
	AttrUserDomain:         {Path: "user.domain", Type: TypeText, Caption: "Domain of that account"},
	AttrUserUID:            {Path: "user.uid", Type: TypeText, Caption: "Identifier of that account", Identifier: true, Person: true},
	AttrSession:            {Path: "session.uid", Type: TypeText, Caption: "Session opened or closed", Identifier: true},
	AttrSessionGUID:        {Path: "session.uid_alt", Type: TypeText, Caption: "Globally unique identifier of that session", Identifier: true},
	AttrLinkedSession:      {Path: "session.linked_uid", Type: TypeText, Caption: "The other half of a split logon", Identifier: true},
	AttrLogonType:          {Path: "logon_type_id", Type: TypeInt, Caption: "Windows logon type: 2 interactive, 3 network, 10 remote desktop"},
	AttrAuthProtocol:       {Path: "auth_protocol", Type: TypeText, Caption: "Kerberos, NTLM, publickey, password"},
	AttrMFA:                {Path: "is_mfa", Type: TypeText, Caption: "Whether a second factor was used"},
	AttrStatus:             {Path: "status", Type: TypeText, Caption: "Success or Failure"},
	AttrStatusDetail:       {Path: "status_detail", Type: TypeText, Caption: "Reason in the source's words"},
	AttrGroup:              {Path: "group.name", Type: TypeText, Caption: "Group acted upon"},
	AttrService:            {Path: "win_service.name", Type: TypeText, Caption: "Service acted upon", Identifier: true},
	AttrServiceCmd:         {Path: "win_service.cmd_line", Type: TypeText, Caption: "Command a service runs"},
	AttrJob:                {Path: "job.name", Type: TypeText, Caption: "Scheduled task or job", Identifier: true},
	AttrJobCmd:             {Path: "job.cmd_line", Type: TypeText, Caption: "Command a job runs"},
	AttrShare:              {Path: "share", Type: TypeText, Caption: "Share name"},
	AttrResource:           {Path: "win_resource.name", Type: TypeText, Caption: "Named pipe or other system resource", Identifier: true},
	AttrScript:             {Path: "script.script_content", Type: TypeText, Caption: "Script text"},
	AttrAccess:             {Path: "actual_permissions", Type: TypeText, Caption: "Access mask or rights granted"},
	AttrPrivileges:         {Path: "privileges", Type: TypeText, Caption: "Privileges used or granted, joined with commas"},
	AttrCloudAccount:       {Path: "cloud.account.uid", Type: TypeText, Caption: "Cloud account or tenant", Identifier: true},
	AttrOperation:          {Path: "api.operation", Type: TypeText, Caption: "Operation called"},
	AttrOperationService:   {Path: "api.service.name", Type: TypeText, Caption: "Service whose operation was called"},
	AttrApp:                {Path: "app.name", Type: TypeText, Caption: "Application signed in to, or program of a log line"},
	AttrResourceName:       {Path: "resource.name", Type: TypeText, Caption: "Resource acted upon", Identifier: true},
	AttrPolicy:             {Path: "policy.name", Type: TypeText, Caption: "Policy or rule that was applied or changed"},
	AttrMessage:            {Path: "message", Type: TypeText, Caption: "Text of the record, where it is text"},
}
