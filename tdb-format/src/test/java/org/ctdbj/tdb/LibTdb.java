// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.tdb;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Assumptions;

/** A libtdb process (python3-tdb) that opens files and does one operation per line. */
final class LibTdb implements AutoCloseable {
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  private static final String PROGRAM =
      """
      import os, sys, tdb
      h = {}
      def x(s): return b'' if s == '-' else bytes.fromhex(s)
      for line in sys.stdin:
          a = line.split()
          try:
              r = 'ok'
              if a[0] == 'open':
                  h[a[1]] = tdb.Tdb(a[2], int(a[3]), int(a[4]), int(a[5]))
              elif a[0] == 'die': os._exit(9)
              else:
                  t = h[a[1]]
                  if a[0] == 'store': t.store(x(a[2]), x(a[3]))
                  elif a[0] == 'insert': t.store(x(a[2]), x(a[3]), tdb.INSERT)
                  elif a[0] == 'append': t.append(x(a[2]), x(a[3]))
                  elif a[0] == 'delete':
                      try: t.delete(x(a[2]))
                      except RuntimeError: r = 'absent'
                  elif a[0] == 'get':
                      v = t.get(x(a[2])); r = 'none' if v is None else 'v' + v.hex()
                  elif a[0] == 'count': r = str(sum(1 for _ in t))
                  elif a[0] == 'wipe': t.clear()
                  elif a[0] == 'repack': t.repack()
                  elif a[0] == 'freelist': r = str(t.freelist_size)
                  elif a[0] == 'start': t.transaction_start()
                  elif a[0] == 'prepare': t.transaction_prepare_commit()
                  elif a[0] == 'commit': t.transaction_commit()
                  elif a[0] == 'cancel': t.transaction_cancel()
                  elif a[0] == 'lockall': t.lock_all()
                  elif a[0] == 'unlockall': t.unlock_all()
                  elif a[0] == 'seqnum': r = str(t.seqnum)
                  elif a[0] == 'incseq': t.increment_seqnum_nonblock()
                  elif a[0] == 'flags': r = str(t.flags)
                  elif a[0] == 'close': t.close(); del h[a[1]]
                  else: r = 'unknown command ' + a[0]
          except Exception as e:
              r = 'error ' + repr(e)
          print(r, flush=True)
      """;

  /** Far beyond what any call takes: a call that takes longer loops or waits for a lock. */
  private static final long ANSWER_TIMEOUT_SECONDS = 120;

  private final Process process;
  private final BufferedWriter to;

  /** Lines as they come; an empty one at the end, when the process has closed its output. */
  private final BlockingQueue<Optional<String>> answers = new LinkedBlockingQueue<>();

  private String lastCommand = "the start";

  private LibTdb(Process process) {
    this.process = process;
    this.to =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    Thread.ofPlatform().daemon().name("answers of libtdb " + process.pid()).start(this::read);
  }

  private void read() {
    try (var from =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      for (String line = from.readLine(); line != null; line = from.readLine()) {
        answers.add(Optional.of(line));
      }
    } catch (IOException e) {
      // The process is being closed; who still waits learns that it has ended.
    } finally {
      answers.add(Optional.empty());
    }
  }

  /** Starts the process, or skips the test if the machine has no python3-tdb. */
  static LibTdb start() throws IOException {
    Assumptions.assumeTrue(Files.isExecutable(PYTHON), "needs /usr/bin/python3 with python3-tdb");
    var process =
        new ProcessBuilder(PYTHON.toString(), "-u", "-c", PROGRAM)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var lib = new LibTdb(process);
    String answer = lib.tryCall("open probe /nonexistent/x 0 0 0");
    if (answer == null) {
      lib.close();
      Assumptions.abort("needs the Debian package python3-tdb (import tdb failed)");
    }
    return lib;
  }

  /**
   * Starts a process that offers libtdb's C interface: its commands are those of the file
   * libtdb_api.py. Skips the test if the machine has no libtdb.
   */
  static LibTdb startApi() throws IOException {
    Assumptions.assumeTrue(Files.isExecutable(PYTHON), "needs /usr/bin/python3");
    String program;
    try (var in = LibTdb.class.getResourceAsStream("libtdb_api.py")) {
      program = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    var process =
        new ProcessBuilder(PYTHON.toString(), "-u", "-c", program)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    var lib = new LibTdb(process);
    if (!"ready".equals(lib.receive())) {
      lib.close();
      Assumptions.abort("needs the library libtdb.so.1 (Debian package libtdb1)");
    }
    return lib;
  }

  /** The bytes of an answer of the form v followed by hexadecimal digits. */
  static byte[] bytes(String answer) {
    if (!answer.startsWith("v")) {
      throw new AssertionError("libtdb: expected a value: " + answer);
    }
    return HexFormat.of().parseHex(answer.substring(1));
  }

  /** Opens {@code path} read-write in the child under {@code name}. */
  void open(String name, Path path, int hashSize, int flags) {
    ok("open " + name + " " + path + " " + hashSize + " " + flags + " " + (2 | 0100));
  }

  void ok(String command) {
    String answer = call(command);
    if (!answer.equals("ok")) {
      throw new AssertionError("libtdb: " + command + ": " + answer);
    }
  }

  /** Sends a command without waiting for the answer. */
  void send(String command) {
    lastCommand = command;
    try {
      to.write(command);
      to.newLine();
      to.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Waits until the process either waits for a byte-range lock, as the kernel lists it, or has
   * answered.
   *
   * @return whether it waits
   */
  boolean isBlocked() throws IOException {
    long startNanos = System.nanoTime();
    String pid = String.valueOf(pid());
    while (!hasAnswer()) {
      for (String line : Files.readAllLines(Path.of("/proc/locks"))) {
        var fields = List.of(line.trim().split("\\s+"));
        if (fields.contains("->") && fields.contains(pid)) {
          return true;
        }
      }
      if (System.nanoTime() - startNanos > TimeUnit.SECONDS.toNanos(30)) {
        throw new AssertionError("libtdb neither answers nor waits for a lock");
      }
      LockSupport.parkNanos(1_000_000);
    }
    return false;
  }

  /** The next answer, null if the process has ended. One that does not answer is ended. */
  String receive() {
    try {
      var answer = answers.poll(ANSWER_TIMEOUT_SECONDS, TimeUnit.SECONDS);
      if (answer == null) {
        process.destroyForcibly();
        throw new AssertionError(
            "libtdb: no answer within " + ANSWER_TIMEOUT_SECONDS + " s to: " + lastCommand);
      }
      if (answer.isEmpty()) {
        answers.add(answer);
      }
      return answer.orElse(null);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while libtdb was at: " + lastCommand, e);
    }
  }

  boolean hasAnswer() {
    return !answers.isEmpty();
  }

  private String tryCall(String command) {
    try {
      send(command);
    } catch (UncheckedIOException e) {
      return null;
    }
    return receive();
  }

  String call(String command) {
    send(command);
    String answer = receive();
    if (answer == null) {
      throw new AssertionError("libtdb process ended at: " + command);
    }
    return answer;
  }

  static String hex(byte[] bytes) {
    return bytes.length == 0 ? "-" : HexFormat.of().formatHex(bytes);
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() {
    try {
      to.close();
    } catch (IOException e) {
      process.destroyForcibly();
    }
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
