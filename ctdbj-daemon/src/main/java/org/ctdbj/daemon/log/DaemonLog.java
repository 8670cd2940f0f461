// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.util.LogbackMDCAdapter;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.FileAppender;
import com.lmax.disruptor.BlockingWaitStrategy;
import com.lmax.disruptor.EventHandler;
import com.lmax.disruptor.ExceptionHandler;
import com.lmax.disruptor.TimeoutException;
import com.lmax.disruptor.dsl.Disruptor;
import com.lmax.disruptor.dsl.ProducerType;
import java.io.IOException;
import java.time.ZoneId;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.ctdbj.daemon.config.ConfigurationException;
import org.ctdbj.daemon.config.DebugLevel;
import org.ctdbj.recovery.door.EventLog;
import org.slf4j.LoggerFactory;

/**
 * The log of one daemon. Lines go through a bounded ring to one writer thread; a thread that logs
 * never waits for the destination. When the ring is full, lines are dropped and counted, and the
 * writer says how many as soon as it can.
 *
 * <p>Safe for use by all threads.
 */
public final class DaemonLog implements AutoCloseable {
  /** Lines that may wait for the writer. */
  private static final int RING_SIZE = 8192;

  private static final long CLOSE_SECONDS = 5;

  /** A place in the ring: a line, or something that the writer has to do between lines. */
  private static final class Slot {
    private ILoggingEvent event;
    private Runnable command;
  }

  private final LoggerContext context = new LoggerContext();
  private final Appender<ILoggingEvent> destination;
  private final Disruptor<Slot> ring;
  private final AtomicLong dropped = new AtomicLong();
  private volatile int debugLevel;
  private volatile EventLog.Level threshold;

  private DaemonLog(Appender<ILoggingEvent> destination, int debugLevel) {
    this.destination = destination;
    setDebugLevel(debugLevel);
    ring =
        new Disruptor<>(
            Slot::new,
            RING_SIZE,
            task -> {
              var thread = new Thread(task, "log writer");
              thread.setDaemon(true);
              return thread;
            },
            ProducerType.MULTI,
            new BlockingWaitStrategy());
    ring.setDefaultExceptionHandler(new WriterFailure());
    ring.handleEventsWith(new Writer());
    ring.start();
    context.setName("ctdbj");
    context.setMDCAdapter(
        new LogbackMDCAdapter()); // events of a context without one cannot be written
    attach(context, Level.TRACE);
  }

  /**
   * Opens the log.
   *
   * @param hostName what lines name as the host
   * @param debugLevel 0 to 10
   * @throws ConfigurationException if the destination cannot be opened
   */
  public static DaemonLog open(LogLocation location, String hostName, int debugLevel)
      throws ConfigurationException {
    return new DaemonLog(appender(location, hostName), debugLevel);
  }

  /** Opens a log on an appender of the caller's: for tests. */
  static DaemonLog on(Appender<ILoggingEvent> destination, int debugLevel) {
    return new DaemonLog(destination, debugLevel);
  }

  private static Appender<ILoggingEvent> appender(LogLocation location, String hostName)
      throws ConfigurationException {
    var format = new LineFormat(hostName, ProcessHandle.current().pid(), ZoneId.systemDefault());
    var home = new LoggerContext();
    Appender<ILoggingEvent> appender =
        switch (location.kind()) {
          case FILE -> {
            var file = new FileAppender<ILoggingEvent>();
            file.setFile(location.file().toString());
            file.setAppend(true);
            file.setImmediateFlush(false); // the writer flushes at the end of each batch
            file.setEncoder(new LineEncoder(format));
            yield file;
          }
          case STDERR -> {
            var console = new ConsoleAppender<ILoggingEvent>();
            console.setTarget("System.err");
            console.setEncoder(new LineEncoder(format));
            yield console;
          }
          default -> new SyslogAppender(format, location.kind());
        };
    appender.setName("destination");
    appender.setContext(home);
    appender.start();
    if (!appender.isStarted()) {
      throw new ConfigurationException(
          "the log "
              + location.text()
              + " cannot be opened for writing (see [logging] location in ctdb.conf)");
    }
    return appender;
  }

  /**
   * Also takes warnings and errors that libraries report through SLF4J. To be called once, by the
   * process's main.
   */
  public void captureLibraries() {
    attach((LoggerContext) LoggerFactory.getILoggerFactory(), Level.WARN);
  }

  private void attach(LoggerContext target, Level level) {
    Logger root = target.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.detachAndStopAllAppenders();
    root.setLevel(level);
    var entrance = new Entrance();
    entrance.setContext(target);
    entrance.start();
    root.addAppender(entrance);
  }

  /** A door for one component; its lines carry the name, for example {@code ctdb-recoverd}. */
  public EventLog program(String name) {
    return new Program(context.getLogger(name));
  }

  /** The level in force, 0 to 10. */
  public int debugLevel() {
    return debugLevel;
  }

  /** Changes the level; numbers outside 0 to 10 count as the nearest one. */
  public void setDebugLevel(int level) {
    debugLevel = Math.clamp(level, 0, DebugLevel.MAX);
    threshold = DebugLevel.level(debugLevel);
  }

  /**
   * Closes and opens a log file, after the lines logged so far: for log rotation. Returns at once.
   */
  public void reopen() {
    command(
        () -> {
          if (destination instanceof FileAppender<ILoggingEvent> file) {
            file.stop();
            file.start();
            if (!file.isStarted()) {
              System.err.println(
                  "ctdbd: the log file " + file.getFile() + " cannot be opened again");
            }
          }
        });
  }

  /** Completes when every line logged before this call has been handed to the operating system. */
  public CompletableFuture<Void> flushed() {
    var done = new CompletableFuture<Void>();
    command(
        () -> {
          flush();
          done.complete(null);
        });
    return done;
  }

  /** Writes what is waiting, for a few seconds at most, and closes the destination. */
  @Override
  public void close() {
    try {
      // The ring's own shutdown does not wait for a writer thread that has not begun to run.
      flushed().get(CLOSE_SECONDS, TimeUnit.SECONDS);
      ring.shutdown(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException | java.util.concurrent.TimeoutException destinationHangs) {
      ring.halt();
      return; // the writer may be inside the destination, so it is not closed under its feet
    } catch (ExecutionException e) {
      throw new IllegalStateException("a flush reports its failures itself", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      ring.halt();
      return;
    }
    destination.stop();
  }

  private void command(Runnable action) {
    ring.publishEvent((slot, sequence) -> slot.command = action);
  }

  private void flush() {
    if (destination instanceof FileAppender<ILoggingEvent> file && file.isStarted()) {
      try {
        file.getOutputStream().flush();
      } catch (IOException e) {
        System.err.println(
            "ctdbd: cannot write to the log file " + file.getFile() + ": " + e.getMessage());
      }
    }
  }

  /** Where Logback hands lines over to the ring. */
  private final class Entrance extends AppenderBase<ILoggingEvent> {
    @Override
    protected void append(ILoggingEvent event) {
      if (!ring.getRingBuffer().tryPublishEvent((slot, sequence) -> slot.event = event)) {
        dropped.incrementAndGet();
      }
    }
  }

  /** The writer thread's work. */
  private final class Writer implements EventHandler<Slot> {
    @Override
    public void onEvent(Slot slot, long sequence, boolean endOfBatch) {
      ILoggingEvent event = slot.event;
      Runnable command = slot.command;
      slot.event = null;
      slot.command = null;
      if (event != null) {
        destination.doAppend(event);
      }
      if (command != null) {
        command.run();
      }
      if (endOfBatch) {
        reportDropped();
        flush();
      }
    }

    private void reportDropped() {
      long lost = dropped.getAndSet(0);
      if (lost > 0) {
        var text =
            lost + " log lines were dropped because the log could not be written fast enough";
        destination.doAppend(
            new ch.qos.logback.classic.spi.LoggingEvent(
                DaemonLog.class.getName(),
                context.getLogger(LineFormat.DAEMON_PROGRAM),
                Level.WARN,
                text,
                null,
                null));
      }
    }
  }

  /**
   * A failure of the destination must not end the writer; there is no better place than standard
   * error to say it.
   */
  private static final class WriterFailure implements ExceptionHandler<Slot> {
    @Override
    public void handleEventException(Throwable failure, long sequence, Slot slot) {
      System.err.println("ctdbd: a line could not be logged: " + failure);
    }

    @Override
    public void handleOnStartException(Throwable failure) {
      System.err.println("ctdbd: the log writer cannot start: " + failure);
    }

    @Override
    public void handleOnShutdownException(Throwable failure) {
      System.err.println("ctdbd: the log writer cannot end: " + failure);
    }
  }

  /** One component's door. */
  private final class Program implements EventLog {
    private final Logger logger;

    Program(Logger logger) {
      this.logger = logger;
    }

    @Override
    public boolean enabled(EventLog.Level level) {
      return level.compareTo(threshold) <= 0;
    }

    @Override
    public void log(EventLog.Level level, String text) {
      if (enabled(level)) {
        switch (level) {
          case ERROR -> logger.error(text);
          case WARNING -> logger.warn(text);
          case NOTICE -> logger.info(text);
          case INFO -> logger.debug(text);
          case DEBUG -> logger.trace(text);
        }
      }
    }
  }
}
