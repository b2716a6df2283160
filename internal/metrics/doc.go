// Package metrics folds the event log into the province's figures: how many
// spaces of persons and institutions are made, activated, verified, opened and
// active, at every node of the reporting tree and in every month.
//
// The fold is pure: it reads nothing but events and its own tables, so that a
// rebuild from the first event gives exactly the running figures
// ([Service.Recount] proves it). met_leaf holds the truth, one row a unit,
// month, metric and role; met_roll is the cache for the unit and its reporting
// ancestors. Each row is what the month added, so a closed month is never
// written again: events that arrive after the closing fall on the first open
// day, and the closing is itself the event figures.frozen.
//
// A stock (made, activated, verified, schools, classes, spaces, bases) and the
// monthly presence stand at the unit of the person's primary affiliation and
// move with it, and with the unit when the tree changes. A flow (newly
// verified) stays where and when it happened. The rules are those of DOMAIN 0
// (Q1–Q6, Q8) and of annex 3 of the bulletin (DOMAIN 3).
//
// People and classes of a teaching point count in its centre school and above,
// but the point is no school. Kindergartens and 高职 are counted apart, test
// and demo units are left out; how many that are is kept beside the figures.
//
// Tables: met_node, met_leaf, met_roll, met_frozen, met_person, met_presence,
// met_unit, met_month (folded) and met_freeze, met_base, met_base_slot (written with the
// service's own transactions). Events read: org.*, person.*, space.*, base.*,
// figures.frozen and the counting verbs of [Counts]; events written:
// base.recorded, base.confirmed, figures.frozen.
package metrics
