package org

import (
	"fmt"
	"slices"
	"time"

	"learnspace/internal/clock"
	"learnspace/internal/codes"
	"learnspace/internal/id"
)

// The kinds of node.
const (
	KindProvince   = "province"
	KindPrefecture = "prefecture"
	KindCounty     = "county"
	KindZone       = "zone"
	KindDistrict   = "district"
	KindSchool     = "school"
	KindCampus     = "campus"
	KindPoint      = "point"
	KindClass      = "class"
	KindOffice     = "office"
)

// Kinds lists the kinds of node from the top of the tree down.
func Kinds() []string {
	return []string{KindProvince, KindPrefecture, KindCounty, KindZone, KindDistrict,
		KindSchool, KindCampus, KindPoint, KindClass, KindOffice}
}

// The states of a node: planned until its first day, closed from its last day.
const (
	StatusPlanned   = "planned"
	StatusNormal    = "normal"
	StatusSuspended = "suspended"
	StatusClosed    = "closed"
)

// The flags of a node. Only normal nodes stand in the figures.
const (
	FlagNormal = "normal"
	FlagDemo   = "demo"
	FlagTest   = "test"
)

// Tree names one of the two trees.
type Tree string

// The two trees over the nodes.
const (
	Admin  Tree = "admin"  // decides access; the path follows it
	Report Tree = "report" // decides sums of figures
)

// Node is one node of the tree as it stands now.
type Node struct {
	ID     id.Node
	Code   string // "" for classes made by a roster
	Kind   string // one of the Kind constants
	Name   string // official name, 中文
	NameKo string // name in Korean, "" where there is none
	Parent id.Node
	Report id.Node // reporting parent; 0 for the province
	Path   string  // administrative path, ends with "/"
	// Unit is the school, office or region that the node belongs to: the node
	// itself, for a class the school, campus or point above it.
	Unit id.Node
	Type string // school type of codes.SchoolTypes, "" for other kinds
	// Stage, EntryYear and ClassNo identify a class; its grade follows from the day.
	Stage     string
	EntryYear int
	ClassNo   int
	Status    string
	From, To  clock.Day // half open, 0: none
	Flag      string
	FiveFour  bool   // five years of primary, four of junior school
	Lang      string // language of teaching: zh, ko, mn
	// Confirmed is when the profile of a school or the list of a class was
	// confirmed, by ConfirmedBy; the zero time when it was not.
	Confirmed   time.Time
	ConfirmedBy id.Person
	Version     int64
	Made        time.Time
}

// ClassKey identifies a class in its school. A class keeps it for life; which
// grade it is follows from the day.
type ClassKey struct {
	Stage     string // letter of codes: P, J, S, V, K, A
	EntryYear int    // calendar year in which its pupils entered the stage
	No        int    // class number, from 1
}

// Key returns the identity of a class node.
func (n Node) Key() ClassKey {
	return ClassKey{Stage: n.Stage, EntryYear: n.EntryYear, No: n.ClassNo}
}

// IsSchool reports whether the node is a school, campus or teaching point:
// whatever has classes.
func (n Node) IsSchool() bool {
	return n.Kind == KindSchool || n.Kind == KindCampus || n.Kind == KindPoint
}

// IsRegion reports whether the node is a province, prefecture, county, zone or
// school district.
func (n Node) IsRegion() bool {
	switch n.Kind {
	case KindProvince, KindPrefecture, KindCounty, KindZone, KindDistrict:
		return true
	}
	return false
}

// Closed reports whether the node is closed.
func (n Node) Closed() bool { return n.Status == StatusClosed }

// Grade returns the grade code of a class on the day, such as "P3"; "" before
// the class has entered, after it has left, and for every other kind of node.
func (n Node) Grade(day clock.Day) string {
	if n.Kind != KindClass {
		return ""
	}
	return GradeOf(n.Stage, n.EntryYear, day, n.FiveFour)
}

// Label returns the name to show: of a class 三年级2班 by the day, after it has
// left 2013级小学2班; of every other node its name.
func (n Node) Label(day clock.Day) string {
	if n.Kind != KindClass {
		return n.Name
	}
	if g, ok := codes.FindGradeIn(n.Grade(day), n.FiveFour); ok {
		return fmt.Sprintf("%s%d班", g.Name, n.ClassNo)
	}
	return className(n.Key())
}

// className is the name that a class node is stored with; it holds for life.
func className(k ClassKey) string {
	return fmt.Sprintf("%d级%s%d班", k.EntryYear, stageName(k.Stage), k.No)
}

// stageName is the short name of a stage that class names carry.
func stageName(stage string) string {
	switch stage {
	case codes.StagePrimary:
		return "小学"
	case codes.StageJunior:
		return "初中"
	case codes.StageSenior:
		return "高中"
	case codes.StageVocational:
		return "中职"
	}
	s, _ := codes.FindStage(stage)
	return s.Name
}

// GradeOf returns the code of the grade in which those who entered the stage in
// entryYear are on the day; "" outside the stage's years. The school year
// begins on 1 September.
func GradeOf(stage string, entryYear int, day clock.Day, fiveFour bool) string {
	year := codes.SchoolYear(day) - entryYear + 1
	if year < 1 || year > codes.StageYears(stage, fiveFour) {
		return ""
	}
	return fmt.Sprintf("%s%d", stage, year)
}

// allowedParents says which kinds of node a kind may stand under in the
// administrative tree.
var allowedParents = map[string][]string{
	KindProvince:   {},
	KindPrefecture: {KindProvince},
	KindCounty:     {KindProvince, KindPrefecture},
	KindZone:       {KindProvince, KindPrefecture, KindCounty},
	KindDistrict:   {KindPrefecture, KindCounty, KindZone},
	KindSchool:     {KindProvince, KindPrefecture, KindCounty, KindZone, KindDistrict},
	KindCampus:     {KindSchool},
	KindPoint:      {KindSchool, KindCampus, KindCounty, KindZone, KindDistrict, KindPrefecture},
	KindClass:      {KindSchool, KindCampus, KindPoint},
	KindOffice:     {KindProvince, KindPrefecture, KindCounty, KindZone, KindDistrict, KindSchool},
}

// fitsParent reports whether a node of this kind may stand under a parent of
// that kind.
func fitsParent(kind, parent string) bool { return slices.Contains(allowedParents[kind], parent) }

// fitsReport reports whether figures of kind may be added up at parent.
func fitsReport(kind, parent string) bool {
	return fitsParent(kind, parent) ||
		kind != KindProvince && kind != KindClass && (parent == KindProvince || parent == KindPrefecture)
}
