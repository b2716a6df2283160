// Command learnspace is the whole product: server, command line, demo and
// benchmark in one program.
package main

import (
	"os"

	"learnspace/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
