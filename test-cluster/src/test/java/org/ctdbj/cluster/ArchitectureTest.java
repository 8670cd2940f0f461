// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.cluster;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Imports run one way, and what decides reaches the outside only through its doors. */
class ArchitectureTest {
  /** Code that decides: the same classes run in the daemon and in the simulator. */
  private static final String[] CORES = {
    "org.ctdbj.recovery..",
    "org.ctdbj.daemon.node..",
    "org.ctdbj.daemon.record..",
    "org.ctdbj.daemon.database.."
  };

  private static JavaClasses classes;

  @BeforeAll
  static void load() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("org.ctdbj");
  }

  @Test
  void formatStandsOnNothingOfOurs() {
    onlyOn("org.ctdbj.tdb..", "org.ctdbj.tdb..");
  }

  @Test
  void protocolStandsOnNothingOfOurs() {
    onlyOn("org.ctdbj.protocol..", "org.ctdbj.protocol..");
  }

  @Test
  void recoveryStandsOnTheProtocol() {
    onlyOn("org.ctdbj.recovery..", "org.ctdbj.recovery..", "org.ctdbj.protocol..");
  }

  @Test
  void daemonStandsOnFormatProtocolAndRecovery() {
    onlyOn(
        "org.ctdbj.daemon..",
        "org.ctdbj.daemon..",
        "org.ctdbj.tdb..",
        "org.ctdbj.protocol..",
        "org.ctdbj.recovery..");
  }

  @Test
  void commandLineStandsOnFormatAndProtocol() {
    onlyOn("org.ctdbj.cli..", "org.ctdbj.cli..", "org.ctdbj.tdb..", "org.ctdbj.protocol..");
  }

  @Test
  void coresUseNoSocketThreadOrLogger() {
    noClasses()
        .that()
        .resideInAnyPackage(CORES)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.netty..",
            "com.lmax..",
            "org.slf4j..",
            "ch.qos..",
            "java.nio.channels..",
            "java.util.concurrent..",
            "java.util.logging..",
            "org.ctdbj.daemon.net..",
            "org.ctdbj.daemon.process..",
            "org.ctdbj.daemon.log..",
            "org.ctdbj.daemon.config..",
            "org.ctdbj.daemon.store.tdb..")
        .check(classes);
    noClasses()
        .that()
        .resideInAnyPackage(CORES)
        .should()
        .dependOnClassesThat()
        .belongToAnyOf(
            Thread.class,
            java.io.File.class,
            java.io.FileInputStream.class,
            java.io.FileOutputStream.class,
            java.nio.file.Files.class,
            java.net.Socket.class,
            java.util.Random.class,
            java.security.SecureRandom.class)
        .check(classes);
  }

  @Test
  void coresReadNoClock() {
    noClasses()
        .that()
        .resideInAnyPackage(CORES)
        .should()
        .callMethod(System.class, "nanoTime")
        .orShould()
        .callMethod(System.class, "currentTimeMillis")
        .orShould()
        .callMethod(java.time.Instant.class, "now")
        .check(classes);
  }

  @Test
  void libcIsReachedFromOnePlace() {
    noClasses()
        .that()
        .resideOutsideOfPackages("org.ctdbj.tdb.os..", "org.ctdbj.daemon.process..")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("java.lang.foreign.Linker")
        .check(classes);
  }

  private static void onlyOn(String packages, String... allowed) {
    noClasses()
        .that()
        .resideInAPackage(packages)
        .should()
        .dependOnClassesThat(resideInAPackage("org.ctdbj..").and(resideOutsideOfPackages(allowed)))
        .check(classes);
  }
}
