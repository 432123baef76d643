package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

const (
	caseLimit = 180 * time.Second
	// Restarting Apache's broker cleanly takes half a minute by itself.
	aloneLimit = 240 * time.Second
)

// Case is one named expectation about the server. It fails by a panic.
type Case struct {
	name string
	// alone: it restarts a server, so nothing else may run meanwhile.
	alone bool
	body  func(c *Context)
}

// Driver speaks the line protocol with the driver (described in harness/suite.py).
type Driver struct {
	mutex sync.Mutex
	in    *bufio.Reader
}

func (d *Driver) line(text string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	fmt.Println(strings.ReplaceAll(text, "\n", " "))
}

// ask has the driver do something to the server, and returns when it is done.
func (d *Driver) ask(request string) {
	d.line("@ask " + request)
	answer, err := d.in.ReadString('\n')
	if err != nil || strings.TrimSpace(answer) != "done" {
		panic(fmt.Sprintf("driver: %s: %s %v", request, answer, err))
	}
}

// run runs the cases, a few at a time, each with a time limit, and reports every result.
func run(options Options, cases []Case) error {
	driver := &Driver{in: bufio.NewReader(os.Stdin)}
	plan := []string{"@plan"}
	for _, one := range cases {
		plan = append(plan, one.name)
	}
	driver.line(strings.Join(plan, " "))
	shared, err := newShared(options)
	if err != nil {
		return err
	}
	lanes := make(chan struct{}, options.threads)
	var together sync.WaitGroup
	for _, one := range cases {
		if one.alone {
			continue
		}
		lanes <- struct{}{}
		together.Add(1)
		go func(one Case) {
			defer func() { <-lanes; together.Done() }()
			runOne(one, options, driver, shared, caseLimit)
		}(one)
	}
	together.Wait()
	for _, one := range cases {
		if one.alone {
			runOne(one, options, driver, shared, aloneLimit)
		}
	}
	return nil
}

func runOne(one Case, options Options, driver *Driver, shared *Shared, limit time.Duration) {
	began := time.Now()
	context := &Context{name: one.name, options: options, driver: driver, shared: shared}
	failure := make(chan string, 1)
	go func() {
		defer func() {
			reason := recover()
			if reason == nil {
				failure <- ""
				return
			}
			context.event(where(debug.Stack()))
			failure <- fmt.Sprint(reason)
		}()
		one.body(context)
	}()
	reason := "not finished within " + limit.String()
	select {
	case reason = <-failure:
	case <-time.After(limit):
	}
	go context.close()
	took := time.Since(began).Seconds()
	if reason == "" {
		driver.line(fmt.Sprintf("@pass %s %.1f", one.name, took))
	} else {
		driver.line(fmt.Sprintf("@fail %s %.1f %.1000s", one.name, took, reason))
	}
}

// where names the lines of this suite in a stack trace.
func where(stack []byte) string {
	var lines []string
	for _, line := range strings.Split(string(stack), "\n") {
		if at := strings.Index(line, "interop/go/"); at >= 0 {
			lines = append(lines, strings.Fields(line[at:])[0])
		}
	}
	return "at " + strings.Join(lines, " ")
}
