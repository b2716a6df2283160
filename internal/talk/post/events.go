package post

// The verbs of this package's events.
const (
	VerbMade      = "post.made"
	VerbAsked     = "post.asked"
	VerbCommented = "post.commented"
	VerbConfirmed = "post.confirmed"
	VerbEdited    = "post.edited"
	VerbWithdrawn = "post.withdrawn"
	VerbHidden    = "post.hidden"
	VerbRestored  = "post.restored"
	VerbReported  = "post.reported"
	// VerbReminded carries the persons to be reminded: {"to": [ids as strings]}.
	VerbReminded = "post.reminded"
)
