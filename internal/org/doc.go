// Package org owns the province's tree of nodes and the roles that people hold
// in it.
//
// A [Node] is a province, prefecture, county, zone, school district, school,
// campus, teaching point, class or office. Two trees stand over the same nodes:
// the administrative one decides who may see what, the reporting one adds up the
// figures. Tables: org_node (with the materialised administrative path, which
// exists nowhere else), org_edge (the history of both trees, half open in days,
// edges of a future day included), org_grant (a role in a subtree over a span of
// days).
//
// Paths are made of small ordinals: "1/", "1/4/", "1/4/c/". Each step is the
// node's ordinal under its parent in base 36; a move rewrites the paths of the
// subtree and nothing else. Whatever adds a child first raises the parent's
// version, so that two of them never take one ordinal or one class number.
//
// Events: org.made, org.changed, org.moved, org.closed about nodes, grant.given
// and grant.ended about roles; their extras are [Made], [Changed], [Moved],
// [Closed] and [Granted].
//
// Rules come from DESIGN 1, 3 and 10 (import of the tree) and DOMAIN 2.2: school
// and point codes of ten digits by the education ministry's 学校标识码, region
// codes by GB/T 2260, the school year from 1 September.
package org
