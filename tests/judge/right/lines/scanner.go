// Answers each line with the number of its characters, in UTF-8.
package main

import (
	"bufio"
	"fmt"
	"log"
	"net"
	"os"
	"unicode/utf8"
)

func handle(conn net.Conn) {
	defer conn.Close()
	lines := bufio.NewScanner(conn) // takes \r\n off the end, too
	for lines.Scan() {
		fmt.Fprintln(conn, utf8.RuneCount(lines.Bytes()))
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
