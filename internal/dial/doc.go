// Package dial is the one way out: every connection that the server opens to
// something other than its own database goes through a [Dialer], which knows a
// list of host:port and refuses everything else. An address that people typed
// therefore never makes the server ask another machine on its behalf (SSRF).
//
// A name is resolved once and the connection goes to the address that was
// looked at. An address of a private network, of this machine or of a link is
// refused even for a listed name, unless the address itself is listed: whoever
// owns a listed name must not lead inside.
package dial
