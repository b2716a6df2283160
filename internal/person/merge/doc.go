// Package merge keeps one record a person: it makes two records of one person
// one and takes that back, corrects names and numbers with a history, and
// records who left, graduated or died (DOMAIN 2.1 scenarios 4 and 9, 2.3 scenario
// 10; 个人信息保护法 arts. 46 and 49).
//
// Who may: person.merge inside the own school or county, never across;
// person.correct for corrections and departures. The rows of a person are
// changed by package person, the account by account; this package remembers
// what they say is needed to take it back, for thirty days, sealed.
//
// Tables: mrg_merge, mrg_apart (pairs that are two persons), mrg_correction,
// mrg_departure. The first statement of a merging takes the gate of the rosters
// and then both persons in order of their ids, so that two mergings that cross,
// and an import beside one, wait for each other. Events are those of person;
// audit rows: person.merged, person.unmerged, person.kept_apart,
// person.corrected, person.departed, person.departure_confirmed,
// person.reinstated.
package merge
