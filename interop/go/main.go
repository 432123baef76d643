// The Go suite: cases with rocketmq-client-go against the name server that the driver names.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// Options is the command line, written by the driver.
type Options struct {
	namesrv string
	broker  string
	server  string
	layout  string
	threads int
	slow    bool
	cases   names
}

// names collects the values of a flag that may be given several times.
type names []string

func (n *names) String() string { return strings.Join(*n, ",") }

func (n *names) Set(value string) error {
	*n = append(*n, value)
	return nil
}

func main() {
	var options Options
	flag.StringVar(&options.namesrv, "namesrv", "", "address of the name server")
	flag.StringVar(&options.broker, "broker", "", "address of the broker")
	flag.StringVar(&options.server, "server", "apache", "server under test: apache or ferromq")
	flag.StringVar(&options.layout, "layout", "split", "split or standalone")
	flag.IntVar(&options.threads, "threads", 4, "cases at a time")
	flag.BoolVar(&options.slow, "slow", false, "run the slow cases, and only them")
	flag.Var(&options.cases, "case", "run only this case")
	flag.Parse()
	rlog.SetLogLevel("error")
	chosen := choose(options)
	if err := run(options, chosen); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Some clients wait for their long polls when they are shut down: leave without that.
	os.Exit(0)
}

func choose(options Options) []Case {
	var all []Case
	for _, list := range [][]Case{sendCases, topicCases, pushCases, orderlyCases, groupCases, retryCases, pullCases, restartCases} {
		all = append(all, list...)
	}
	var chosen []Case
	for _, one := range all {
		if options.slow || (len(options.cases) > 0 && !contains(options.cases, one.name)) {
			continue
		}
		chosen = append(chosen, one)
	}
	return chosen
}

func contains(list []string, text string) bool {
	for _, one := range list {
		if one == text {
			return true
		}
	}
	return false
}
