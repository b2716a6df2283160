// Package space owns the spaces: one personal space for each person, one
// institution space for each region, school, campus, teaching point and class.
// It is the table space and nothing more: what stands in a space belongs to
// others.
//
// A space is made in the transaction that makes its owner: org and person call
// this package through the interfaces org.SpaceMaker and person.Spaces. Regions
// open with the node. A school's space opens when its profile is confirmed and a
// manager of it is verified; a class's when the class list is confirmed and a
// class teacher of it is verified (DOMAIN Q4): 已建 is not 开通. A teacher's
// personal space opens when he is verified, a pupil's when he is activated;
// under 14 a guardian has to agree first. It stays closed while none has
// answered or one has refused, and is frozen while a consent is withdrawn.
//
// Events of institution spaces: space.made, space.opened (once), space.unmade,
// with the extra [Extra]. For personal spaces person.made and the like stand.
package space
