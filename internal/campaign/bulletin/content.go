package bulletin

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"learnspace/internal/clock"
	"learnspace/internal/metrics"
)

// Content is everything that a bulletin prints. What is issued is kept in this
// form and never made again.
type Content struct {
	Month    clock.Month `json:"month"`
	Platform string      `json:"platform"`
	Office   string      `json:"office"`
	Phone    string      `json:"phone,omitempty"`
	Contact  string      `json:"contact,omitempty"` // the drafter
	Rows     []Row       `json:"rows"`
	Total    Row         `json:"total"`
	// Problems and Next are the drafter's words, a paragraph a line.
	Problems string `json:"problems"`
	Next     string `json:"next"`
	// Remarks say what the check changed or left open.
	Remarks []Remark `json:"remarks,omitempty"`
	// Number and Issued are set when the paper is issued: 第8期, 20191105.
	Number int       `json:"number,omitempty"`
	Year   int       `json:"year,omitempty"`
	Issued clock.Day `json:"issued,omitzero"`
	// Code is the version code at the foot, the beginning of the hash of all
	// the rest.
	Code string `json:"code,omitempty"`
}

// Remark is one disputed figure in the paper.
type Remark struct {
	Unit     string  `json:"unit"`
	Figure   string  `json:"figure"`
	Platform int64   `json:"platform"` // what was measured
	Said     int64   `json:"said"`     // what the unit says
	Outcome  Outcome `json:"outcome"`
	Text     string  `json:"text"` // the unit's reason, or the province's answer
}

// encode gives the JSON that is hashed and kept.
func (c Content) encode() []byte {
	out, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Sprintf("bulletin: encode content: %v", err))
	}
	return out
}

// hash is the SHA-256 of the content in hexadecimal.
func (c Content) hash() string {
	sum := sha256.Sum256(c.encode())
	return hex.EncodeToString(sum[:])
}

// seal sets the version code: eight characters in fours of the hash of the
// content without it.
func (c Content) seal() Content {
	c.Code = ""
	sum := sha256.Sum256(c.encode())
	code := base32.StdEncoding.EncodeToString(sum[:5])
	c.Code = code[:4] + "-" + code[4:]
	return c
}

// decode reads what encode wrote.
func decode(text string) (Content, error) {
	var c Content
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return Content{}, fmt.Errorf("read the content of a bulletin: %w", err)
	}
	return c, nil
}

// rowOf takes what the bulletin prints of a unit out of its figures; year is
// what is new since 1 January.
func rowOf(r metrics.Row, year int64) Row {
	out := figuresRow(r.Figures, year)
	out.Node, out.Code, out.Name = r.Node.ID, r.Node.Code, r.Node.Name
	out.Direct = r.Node.Kind != "prefecture"
	return out
}

func figuresRow(f metrics.Figures, year int64) Row {
	return Row{
		Newly: f.NewlyVerified.Sum(), Cumulative: f.CumulativeVerified.Sum(), Year: year,
		TeacherBase: f.Base.Teacher, Teachers: f.Verified.Teacher, PupilBase: f.Base.Pupil, Pupils: f.Verified.Pupil,
		Guardians: f.Verified.Guardian,
		Schools:   f.SchoolSpaces.Of, SchoolsOpened: f.SchoolSpaces.Opened,
		Classes: f.ClassSpaces.Of, ClassesOpened: f.ClassSpaces.Opened,
		BaseSource: f.Base.Source, LeftOut: f.LeftOut,
	}
}

// compose makes the paper's content of the rows as they were frozen, the
// targets, and what the check brought. An accepted dispute changes the number
// in the paper, never in the figures; the total is the sum of the rows shown.
func compose(b Bulletin, s settings, rows []Row, targets map[int64]int64, disputes []Dispute) Content {
	c := Content{Month: b.Month, Platform: s.Platform, Office: s.Office, Phone: s.Phone, Contact: b.Drafted.Name,
		Problems: b.Problems, Next: b.Next}
	for _, r := range rows {
		r.Target = targets[r.Node.Int()]
		for _, d := range disputes {
			if d.Node != r.Node {
				continue
			}
			remark := Remark{Unit: r.Name, Figure: d.Figure, Platform: r.Figure(d.Figure), Said: d.Number, Outcome: d.Outcome, Text: d.Answer}
			switch d.Outcome {
			case OutcomeAccepted:
				*r.figure(d.Figure) = d.Number
				if d.Figure == FigureCumulative {
					r.Year += d.Number - remark.Platform
				}
			case Open:
				remark.Text = d.Reason
			case OutcomeRefused:
				continue // answered; the paper keeps the number and says nothing
			}
			c.Remarks = append(c.Remarks, remark)
		}
		c.Rows = append(c.Rows, r)
		c.Total = c.Total.add(r)
	}
	return c.seal()
}
