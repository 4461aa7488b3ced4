package slack

import (
	"fmt"
	"regexp"
	"strings"
)

// Mention is somebody whom a message disturbs, in Slack's own syntax; ParseMention makes it.
type Mention string

// id matches what Slack knows users (U…, W…) and user groups (S…) by.
var id = regexp.MustCompile(`^[UWS][A-Z0-9]{2,20}$`)

// ParseMention reads whom to mention: here, channel or everyone, with or without @, or the ID of a
// user or of a user group. Names do not do: Slack mentions nobody by name.
func ParseMention(s string) (Mention, error) {
	switch name := strings.TrimPrefix(s, "@"); {
	case name == "here" || name == "channel" || name == "everyone":
		return Mention("<!" + name + ">"), nil
	case id.MatchString(s) && s[0] == 'S':
		return Mention("<!subteam^" + s + ">"), nil
	case id.MatchString(s):
		return Mention("<@" + s + ">"), nil
	}
	return "", fmt.Errorf("%.40q is nobody whom Slack can mention: write @here, @channel, the "+
		"member ID of a user (U…: in the profile, under ⋮) or the ID of a user group (S…: in its "+
		"address)", s)
}
