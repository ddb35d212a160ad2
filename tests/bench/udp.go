// The conversation of udp/server.ts in Go: one goroutine receives and answers,
// another one sees to the output.
//
//	go run udp.go PORT [silent]
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// answerAll answers datagrams until the socket is closed.
func answerAll(conn *net.UDPConn) {
	answer := []byte("Message from the server.")
	text := make([]byte, 1<<16)
	silent := len(os.Args) > 2
	for {
		n, peer, err := conn.ReadFromUDPAddrPort(text)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // what failed is one datagram
		}
		if !silent {
			show(peer, text[:n])
		}
		conn.WriteToUDPAddrPort(answer, peer)
	}
}

// Lines are gathered in out, and written ten times a second.
var (
	mu  sync.Mutex
	out = bufio.NewWriterSize(os.Stdout, 1<<16)
)

// show prints each line of a text, with the peer's address before it.
func show(peer netip.AddrPort, text []byte) {
	newline := []byte("\n")
	mu.Lock()
	defer mu.Unlock()
	for _, line := range bytes.Split(bytes.TrimSuffix(text, newline), newline) {
		out.Write(peer.AppendTo(out.AvailableBuffer()))
		out.WriteString("> ")
		out.Write(line)
		out.WriteByte('\n')
	}
}

func flush() {
	mu.Lock()
	defer mu.Unlock()
	out.Flush()
}

func main() {
	addr, err := net.ResolveUDPAddr("udp4", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	conn, err := net.ListenUDP("udp4", addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintln(os.Stderr, "listening", conn.LocalAddr().(*net.UDPAddr).Port)
	go answerAll(conn)

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
