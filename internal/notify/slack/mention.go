package slack

import (
	"fmt"
	"regexp"
	"strings"
)

// Mention is somebody whom a message mentions, in Slack's syntax. ParseMention returns one.
type Mention string

// id matches the IDs of users (U…, W…) and user groups (S…).
var id = regexp.MustCompile(`^[UWS][A-Z0-9]{2,20}$`)

// ParseMention parses whom to mention: here, channel or everyone, with or without @, or the ID of a
// user or a user group. Names are not accepted: Slack cannot mention anybody by name.
func ParseMention(s string) (Mention, error) {
	switch name := strings.TrimPrefix(s, "@"); {
	case name == "here" || name == "channel" || name == "everyone":
		return Mention("<!" + name + ">"), nil
	case id.MatchString(s) && s[0] == 'S':
		return Mention("<!subteam^" + s + ">"), nil
	case id.MatchString(s):
		return Mention("<@" + s + ">"), nil
	}
	return "", fmt.Errorf("slack cannot mention %.40q: write @here, @channel, the member ID of a "+
		"user (U…: in the profile, under ⋮) or the ID of a user group (S…: in its address)", s)
}
