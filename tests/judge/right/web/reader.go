// A web server by hand: one page, and 404 for all others.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"strings"
)

func handle(conn net.Conn) {
	defer conn.Close()
	first := ""
	for lines := bufio.NewScanner(conn); lines.Scan(); {
		if line := lines.Text(); line != "" {
			if first == "" {
				first = line
			}
			continue
		}
		status, body := "404 Not Found", "not here\n"
		if strings.HasPrefix(first, "GET / ") {
			status, body = "200 OK", "Grüß Gott!\n"
		}
		first = ""
		// len() of a string counts bytes.
		fmt.Fprintf(conn, "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[len(os.Args)-1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		conn, err := listener.Accept()
		if err != nil {
			continue
		}
		go handle(conn)
	}
}
