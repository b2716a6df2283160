package account

import (
	"time"

	"learnspace/internal/access"
	"learnspace/internal/clock"
	"learnspace/internal/id"
)

const (
	// OwnLife is how long a session on the holder's own device lasts.
	OwnLife = 90 * 24 * time.Hour
	// SharedIdle ends a session on a shared computer when nothing happened for
	// so long, and SharedLife in any case.
	SharedIdle = 20 * time.Minute
	SharedLife = 12 * time.Hour
	// ConsentAge is the age in years under which a guardian decides
	// (儿童个人信息网络保护规定 art. 2).
	ConsentAge = 14
	// ConsentText names the version of the notice that guardians answer.
	ConsentText = "2019-1"
	// ConsentPurpose is the one purpose a guardian is asked about here: growth
	// records and learning analysis in the personal space.
	ConsentPurpose = "space"
)

// Account is who may sign in: one person, one sign-in name.
type Account struct {
	ID     id.Account
	Person id.Person
	Login  string
	// Role is the role that was active last.
	Role   access.Role
	MadeAt time.Time
	// ChangedAt is when the password was set last.
	ChangedAt time.Time
	hash      string
	epoch     int64 // raised with each password that is set or taken away
}

// Session is one signed-in browser.
type Session struct {
	ID        id.Session
	Account   id.Account
	Role      access.Role
	Device    string // "Chrome, Windows"; from the browser, for the holder's list
	Shared    bool   // a computer that others use
	MadeAt    time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
	// FactorAt is when the second factor was shown in it last; zero: never.
	FactorAt time.Time
	// View is the view of somebody else's pages that goes on in it; 0: none.
	View id.View
	// Current marks the session that asks, in lists.
	Current bool
}

// live reports whether the session may be used at now. A clock that was set back
// keeps nobody signed in on a shared computer until it has caught up.
func (s Session) live(now time.Time) bool {
	idle := now.Sub(s.SeenAt)
	return now.Before(s.ExpiresAt) && (!s.Shared || idle >= -time.Minute && idle < SharedIdle)
}

// Ticket is what a sign-in gives the browser.
type Ticket struct {
	// Token is the secret of the session; it is stored nowhere else.
	Token string
	// MaxAge is how long the browser keeps it; 0 means until it closes.
	MaxAge time.Duration
	// Mark stays on the holder's own device for a year; see [Credentials].
	Mark    string
	Session Session
	Person  id.Person
	Name    string
	// Half is the secret of a half-open sign-in in place of Token: the second
	// factor or a new password is still missing, see [Service.Half].
	Half string
}

// Slip is one activation slip: who it is for and the code.
type Slip struct {
	Person   id.Person `json:"person"`
	Name     string    `json:"name"`
	Node     string    `json:"node"` // the node's code, else its id
	NodeName string    `json:"node_name"`
	// School is the name of the unit.
	School string `json:"school"`
	// Code is written in groups of four.
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
	Sheet   id.Sheet  `json:"sheet"`
	Role    string    `json:"-"`
	// Born is the day of birth, given only where two on the sheet have one name.
	Born clock.Day `json:"-"`
	// Wards names, on a guardian's slip, the children of the sheet's class.
	Wards []string `json:"wards,omitempty"`
}

// Sheet is a printed page of slips.
type Sheet struct {
	ID       id.Sheet
	Node     id.Node
	Unit     id.Node
	People   int
	IssuedBy id.Person
	IssuedAt time.Time
	// Until is when the sheet can no longer be printed again.
	Until time.Time
}

// codeRow is a stored code.
type codeRow struct {
	ID         id.Code
	Person     id.Person
	Sheet      id.Sheet
	Node       id.Node
	Sealed     []byte
	IssuedAt   time.Time
	ExpiresAt  time.Time
	UsedAt     time.Time
	VoidedAt   time.Time
	Tries      int
	PhoneTries int
}
