// Package upstreamweb is the pages of signing in through a provider: the list of
// providers, the way there and back, linking, and setting providers up.
package upstreamweb
