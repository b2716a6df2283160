// Package access decides who may see and do what. It is the lowest domain
// package: it has no tables, only the [Actor], the table of permissions and
// the predicates that every list, search, count and export must carry.
//
// A role held at a node covers that node's subtree. The subtree is a range of
// materialised paths, and paths exist only in org_node; so a predicate reads
// "node IN (SELECT id FROM org_node WHERE path >= $1 AND path < $2)". This is
// the one place outside org that names the table.
//
// The rules come from the plan's split between offices, schools and classes
// (DOMAIN 2.2, roles) and from 未成年人网络保护条例: whoever has no duty
// towards a pupil does not read what the pupil wrote.
package access
