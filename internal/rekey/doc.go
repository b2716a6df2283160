// Package rekey seals anew what tables keep sealed, after the keys were rotated
// and while others read and write. It knows tables only as seal.Place, which
// their owners declare; persons, who are found by hashes in a table of their own,
// are not its business.
//
// How far it is stands in the values themselves: each names its key, so a run
// that was broken off is begun again and finds only what is left. A row that
// somebody has changed since it was read is left to the next pass, and passes go
// on until one finds nothing.
package rekey
