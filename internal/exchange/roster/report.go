package roster

import (
	"learnspace/internal/exchange/roster/read"
	"learnspace/internal/i18n"
	"learnspace/internal/id"
)

// Counts says what became of the rows. Rows is always the sum of New, Changed,
// Unchanged, Moved and Rejected.
type Counts struct {
	Rows      int64 `json:"rows"`
	New       int64 `json:"new"`
	Changed   int64 `json:"changed"`
	Unchanged int64 `json:"unchanged"`
	Moved     int64 `json:"moved"`
	Rejected  int64 `json:"rejected"`
	// Warnings counts problems of severity warning, not rows.
	Warnings int64 `json:"warnings"`
}

// Add adds the counts of o.
func (c *Counts) Add(o Counts) {
	c.Rows += o.Rows
	c.New += o.New
	c.Changed += o.Changed
	c.Unchanged += o.Unchanged
	c.Moved += o.Moved
	c.Rejected += o.Rejected
	c.Warnings += o.Warnings
}

// Problem is one complaint about one cell. Found is masked already; Expected
// is text in the reader's language, filled by [Report.Localize].
type Problem struct {
	Row      int64  `json:"row"`
	Column   string `json:"column"`
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Found    string `json:"found"`
	Expected string `json:"expected"`

	cause read.Problem
}

// FileReport is what one visible sheet gave; Sheet is "" for a text file.
type FileReport struct {
	File      string            `json:"file"`
	Sheet     string            `json:"sheet"`
	Encoding  string            `json:"encoding"`
	HeaderRow int               `json:"header_row"`
	Columns   map[string]string `json:"columns"`
	// Refused is the file code when the file could not be read at all.
	Refused string `json:"refused,omitempty"`
	Counts
	Problems []Problem `json:"problems"`

	// Kind is pupils or staff.
	Kind string `json:"kind,omitempty"`
	// Promoted counts the moved rows that are 升学转入 and were released, or
	// would be, by the confirmation.
	Promoted int64 `json:"promoted"`

	header []string
	kept   []problemRow
}

// NewClass is a class that the rows name and the school does not have.
type NewClass struct {
	School    id.Node `json:"school"`
	Name      string  `json:"name"`
	Stage     string  `json:"stage"`
	EntryYear int     `json:"entry_year"`
	Number    int     `json:"number"`
	Pupils    int64   `json:"pupils"`
	// SchoolName is the school's.
	SchoolName string `json:"school_name"`

	node id.Node
}

// Report is the document of `import people`: the same for a dry run and for
// the import.
type Report struct {
	// Batch is 0 for a dry run, which leaves no batch behind.
	Batch  id.Batch     `json:"batch"`
	Files  []FileReport `json:"files"`
	Totals Counts       `json:"totals"`

	// Classes are made by the import.
	Classes []NewClass `json:"classes,omitempty"`
	// Promoted counts moved rows that are 升学转入.
	Promoted int64 `json:"promoted"`
	// Leaving counts persons of the touched schools whom a whole roster leaves
	// out: they get the state left.
	Leaving int64 `json:"leaving"`
	// NobodyLeft says that nobody was let go, since at the import more persons were
	// missing from the whole roster than somebody had confirmed.
	NobodyLeft bool `json:"nobody_left,omitempty"`
}

// Refused gives the file code when a file was refused, else "".
func (r Report) Refused() string {
	for _, f := range r.Files {
		if f.Refused != "" {
			return f.Refused
		}
	}
	return ""
}

// Clean reports whether every row was accepted.
func (r Report) Clean() bool { return r.Refused() == "" && r.Totals.Rejected == 0 }

// sum fills the totals from the files.
func (r *Report) sum() {
	r.Totals, r.Promoted = Counts{}, 0
	for i := range r.Files {
		r.Totals.Add(r.Files[i].Counts)
		r.Promoted += r.Files[i].Promoted
		if r.Files[i].Problems == nil {
			r.Files[i].Problems = []Problem{}
		}
		if r.Files[i].Columns == nil {
			r.Files[i].Columns = map[string]string{}
		}
	}
	if r.Files == nil {
		r.Files = []FileReport{}
	}
}

// Localize fills in what was expected, in the reader's language.
func (r *Report) Localize(l i18n.Language) {
	for i := range r.Files {
		for j := range r.Files[i].Problems {
			p := &r.Files[i].Problems[j]
			p.Expected = i18n.Text(l, p.cause.ExpectedKey(), p.cause.Args...)
		}
	}
}

// Text says what is wrong, in the reader's language.
func (p Problem) Text(l i18n.Language) string {
	return i18n.Text(l, p.cause.ProblemKey(), p.cause.Args...)
}

// Remedy says what to do, in the reader's language.
func (p Problem) Remedy(l i18n.Language) string { return i18n.Text(l, p.cause.RemedyKey()) }
