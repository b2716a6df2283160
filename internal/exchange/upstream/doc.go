// Package upstream lets people sign in through OpenID Connect providers of
// their prefecture, county or school (OpenID Connect Core 1.0, authorization
// code flow with PKCE, RFC 7636; iss in the answer, RFC 9207).
//
// A provider is bound to a node and opens nothing outside of that node's
// subtree: neither for people who belong elsewhere nor for those who hold a role
// elsewhere. Who somebody is here is a link that the holder makes once, signed
// in or with his activation slip; nobody is ever found by name, number or mail
// address. Where a second factor is compulsory it is asked for after the
// provider too, unless the provider is trusted for it and says that there was
// one (amr "mfa", RFC 8176).
//
// Tables: ups_issuer, ups_link, ups_visit. A subject is kept as a hash.
package upstream
