// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.core.spi.ContextAwareBase;
import org.slf4j.Logger;

/**
 * Keeps Logback from looking for configuration files: the daemon's log follows ctdb.conf alone.
 * Found by Logback through {@link java.util.ServiceLoader}; until {@link
 * DaemonLog#captureLibraries} nothing that libraries log goes anywhere.
 */
public final class NoFileConfiguration extends ContextAwareBase implements Configurator {
  @Override
  public ExecutionStatus configure(LoggerContext context) {
    context.getLogger(Logger.ROOT_LOGGER_NAME).setLevel(Level.WARN);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }
}
