// Package inquiry is the audit administrator's way into the audit trail:
// search, export and the letting go of old rows. It adds to [audit.Trail] what
// a foundation may not know: who asks, and in which part of the tree.
//
// The rules come from 网络安全法 art. 21 (logs are kept for six months at least)
// and from the separation of three administrators (等级保护, GB/T 22239): whoever
// reads the trail does nothing else.
package inquiry
