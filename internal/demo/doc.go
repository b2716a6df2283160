// Package demo makes a demo province: the real regions of Jilin in 2019,
// invented schools and people, and months of history. Everything is made by
// the same service calls that a user's clicks make; nothing is forged into the
// roll-ups. The same seed gives the same province.
//
// Names, numbers and telephones are invented. Identity numbers carry right
// check digits, since the rosters are read by the real reader.
package demo
