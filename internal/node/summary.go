package node

import (
	"strings"

	"github.com/evident-sec/evident/event"
)

// Summary is one event in the columns of a table.
type Summary struct {
	Host, Class, Activity string
	Actor                 string // who or what did it
	Object                string // to what
}

// objects are, per class, the attributes that say best what an event was
// about, most telling first.
var objects = map[uint32][]event.Attr{
	event.ClassProcess:     {event.AttrProcessCmdLine, event.AttrProcessPath, event.AttrProcessPID},
	event.ClassFile:        {event.AttrFilePath, event.AttrFileName},
	event.ClassModule:      {event.AttrFilePath, event.AttrFileName},
	event.ClassJob:         {event.AttrJob, event.AttrJobCmd},
	event.ClassScript:      {event.AttrScript},
	event.ClassAuth:        {event.AttrUser, event.AttrSrcIP},
	event.ClassAuthorize:   {event.AttrPrivileges, event.AttrUser},
	event.ClassAccount:     {event.AttrUser, event.AttrResourceName},
	event.ClassGroup:       {event.AttrGroup, event.AttrUser},
	event.ClassNetwork:     {event.AttrDstHost, event.AttrDstIP},
	event.ClassHTTP:        {event.AttrURL, event.AttrDstIP},
	event.ClassDNS:         {event.AttrQueryName},
	event.ClassSMB:         {event.AttrResourceName, event.AttrShare, event.AttrFilePath},
	event.ClassSSH:         {event.AttrUser, event.AttrSrcIP},
	event.ClassConfig:      {event.AttrPolicy, event.AttrDeviceUID},
	event.ClassEntity:      {event.AttrResourceName, event.AttrDeviceUID},
	event.ClassWeb:         {event.AttrResourceName},
	event.ClassAPI:         {event.AttrOperation, event.AttrResourceName},
	event.ClassRegKey:      {event.AttrRegKey},
	event.ClassRegValue:    {event.AttrRegKey},
	event.ClassWinResource: {event.AttrResource},
	event.ClassWinService:  {event.AttrService, event.AttrServiceCmd},
}

// actors say who acted, most telling first.
var actors = []event.Attr{
	event.AttrActorName, event.AttrActorPath, event.AttrActorUser, event.AttrProcessName,
	event.AttrSrcHost, event.AttrSrcIP, event.AttrUser, event.AttrApp,
}

// Summarise picks what a table shows of an event.
func Summarise(ev *event.Event) Summary {
	class := event.ClassInfo(ev.Class)
	s := Summary{
		Host: ev.Attrs.Get(event.AttrHost), Class: class.Name,
		Activity: class.ActivityName(ev.Activity),
		Actor:    first(ev, actors), Object: first(ev, objects[ev.Class]),
	}
	if s.Object == "" {
		s.Object = first(ev, []event.Attr{event.AttrMessage, event.AttrResourceName, event.AttrEventCode})
	}
	return s
}

func first(ev *event.Event, attrs []event.Attr) string {
	for _, a := range attrs {
		if text := strings.TrimSpace(ev.Attrs.Get(a)); text != "" {
			return text
		}
	}
	return ""
}
