package ui

import (
	"unicode"
	"unicode/utf8"
)

func initial(name string) string {
	for _, r := range name {
		if !unicode.IsSpace(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "·"
}

func avatarClass(name, size string) string {
	r, _ := utf8.DecodeRuneInString(name)
	class := [...]string{"avatar", "avatar av-2", "avatar av-3", "avatar av-4"}[uint32(r)%4]
	if size != "" {
		class += " avatar-" + size
	}
	return class
}

func alertRole(kind string) string {
	if kind == "danger" {
		return "alert"
	}
	return "status"
}

func alertIcon(kind string) string {
	switch kind {
	case "success":
		return "check"
	case "warning", "danger":
		return "warning"
	}
	return "info"
}

func tagClass(kind string) string {
	if kind == "" {
		return "tag"
	}
	return "tag tag-" + kind
}
