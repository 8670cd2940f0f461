// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.ctdbj.daemon.log.LogLocation.Kind;

/**
 * Sends each line as one datagram to a syslog daemon: by the Unix socket {@code /dev/log} or by UDP
 * to 127.0.0.1 port 514. (Logback's own appender knows UDP only, and puts a time stamp of another
 * shape into it.) Writer thread only.
 */
final class SyslogAppender extends AppenderBase<ILoggingEvent> {
  private static final byte[] DEV_LOG = "/dev/log".getBytes(StandardCharsets.UTF_8);
  private static final int UDP_PORT = 514;

  /**
   * How long a full /dev/log is waited for before a line is given up; the "nonblocking" form does
   * not wait at all.
   */
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final DateTimeFormatter LOCAL_TIME =
      DateTimeFormatter.ofPattern("MMM ppd HH:mm:ss", Locale.ROOT);

  private final LineFormat format;
  private final Kind kind;
  private Socket local;
  private DatagramChannel udp;
  private long lost;

  SyslogAppender(LineFormat format, Kind kind) {
    this.format = format;
    this.kind = kind;
  }

  @Override
  public void start() {
    try {
      if (kind == Kind.SYSLOG || kind == Kind.SYSLOG_NONBLOCKING) {
        Epoll.ensureAvailability();
        local = Socket.newSocketDomainDgram();
      } else {
        udp = DatagramChannel.open();
        udp.configureBlocking(false);
        udp.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), UDP_PORT));
      }
      super.start();
    } catch (IOException e) {
      addError("cannot open a socket for syslog", e);
    }
  }

  @Override
  public void stop() {
    super.stop();
    try {
      if (local != null) {
        local.close();
      }
      if (udp != null) {
        udp.close();
      }
    } catch (IOException e) {
      addError("cannot close the socket for syslog", e);
    }
  }

  @Override
  protected void append(ILoggingEvent event) {
    for (String line : LineFormat.lines(event)) {
      if (lost > 0
          && send(
              message(event, lost + " messages could not be sent to syslog and were dropped"))) {
        lost = 0;
      }
      if (!send(message(event, line))) {
        lost++;
      }
    }
  }

  String message(ILoggingEvent event, String text) {
    String program = LineFormat.program(event);
    String priority = "<" + LogLevels.syslogPriority(event.getLevel()) + ">";
    return switch (kind) {
      case SYSLOG_UDP -> priority + program + "[" + format.pid() + "]: " + text;
      case SYSLOG_UDP_RFC5424 ->
          priority
              + "1 "
              + format.time(event.getInstant())
              + ' '
              + format.hostName()
              + ' '
              + program
              + ' '
              + format.pid()
              + " - - "
              + text;
      default ->
          priority
              + LOCAL_TIME.format(event.getInstant().atZone(ZoneId.systemDefault()))
              + ' '
              + program
              + '['
              + format.pid()
              + "]: "
              + text;
    };
  }

  private boolean send(String message) {
    byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
    try {
      if (udp != null) {
        return udp.write(ByteBuffer.wrap(bytes)) > 0;
      }
      ByteBuffer direct = ByteBuffer.allocateDirect(bytes.length).put(bytes);
      long until = System.nanoTime() + PATIENCE_NANOS;
      while (local.sendToDomainSocket(direct, 0, bytes.length, DEV_LOG) <= 0) {
        if (kind == Kind.SYSLOG_NONBLOCKING || System.nanoTime() - until >= 0) {
          return false;
        }
        LockSupport.parkNanos(RETRY_NANOS);
      }
      return true;
    } catch (IOException nobodyListens) {
      return false; // counted by the caller and said as soon as something gets through
    }
  }
}
