//go:build !unix

package dbtest

import "errors"

// startCluster cannot start a cluster here: set LEARNSPACE_TEST_PG.
func startCluster() (string, error) {
	return "", errors.New("set LEARNSPACE_TEST_PG to a server")
}
