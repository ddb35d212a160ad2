// The conversation of server.ts in Go: a goroutine for each connection, which
// may wait for it as if there were no other.
//
//	go run tcp.go PORT [GREETING_BYTES | silent]
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"strconv"
	"sync"
	"syscall"
	"time"
)

var (
	greeting = []byte("Message from the server.")
	silent   = len(os.Args) > 2 && os.Args[2] == "silent"
)

// converse holds one conversation.
func converse(conn net.Conn) {
	defer conn.Close()
	lead := conn.RemoteAddr().String() + "> "
	conn.Write(greeting) // who does not listen may have something to say
	text := make([]byte, 1024)
	for {
		n, err := conn.Read(text)
		if n > 0 && !silent {
			show(lead, text[:n])
		}
		if err != nil {
			return // the end of the stream, or a reset
		}
	}
}

// Lines of all conversations are gathered in out, and written ten times a
// second.
var (
	mu  sync.Mutex
	out = bufio.NewWriterSize(os.Stdout, 1<<16)
)

// show prints each line of a text, with the peer's address before it.
func show(lead string, text []byte) {
	newline := []byte("\n")
	mu.Lock()
	defer mu.Unlock()
	for _, line := range bytes.Split(bytes.TrimSuffix(text, newline), newline) {
		out.WriteString(lead)
		out.Write(line)
		out.WriteByte('\n')
	}
}

func flush() {
	mu.Lock()
	defer mu.Unlock()
	out.Flush()
}

// acceptAll accepts clients until the listener is closed.
func acceptAll(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			time.Sleep(100 * time.Millisecond) // no descriptor is left
			continue
		}
		go converse(conn)
	}
}

func main() {
	if len(os.Args) > 2 && !silent {
		n, _ := strconv.Atoi(os.Args[2])
		alphabet := []byte("abcdefghijklmnopqrstuvwxyz")
		greeting = bytes.Repeat(alphabet, n/26+1)[:n]
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, "listening", listener.Addr().(*net.TCPAddr).Port)
	go acceptAll(listener)

	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	tick := time.Tick(100 * time.Millisecond)
	for running := true; running; flush() {
		select {
		case <-tick:
		case <-end:
			running = false
		}
	}
}
