// SPDX-License-Identifier: GPL-3.0-or-later
package org.ctdbj.daemon.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each expectation is what {@code ctdb-config get} of ctdb 4.17 prints for the same file. */
class IniFileTest {
  private static final Path FILE = Path.of("x.conf");

  /** In the table ~ stands for a line end and ^ for a tab. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "[s]~k = a   b^^c  ~|a b^c",
        "[s]~k = a^ b ^c~|a^b c",
        "[s]~k=x\\~y~|xy",
        "[s]~k = x \\~  y~|x y",
        "[S]~k = x~|x",
        "[s]junk~k = x~|x",
        "  [s]~  k = x # c~|x # c",
        "[s]~k = a=b~|a=b",
        "[s]~k = x|x",
        "[s]~k = x~k = y~|y",
        "[s]~foo~k = q~|q",
        "[s]~k = \"x\"~|\"x\"",
        "[s]\r~k = x\r~|x",
        "[s]~# comment \\~k = x~|x",
        "[s\\~]~k = y~|y",
        "[s]~k = a\\b\\\\c~|a\\b\\\\c",
        "[s]~k = a\\|a\\",
        "[s]~k == a~|= a"
      })
  void values(String text, String expected) throws ConfigurationException {
    IniFile ini = IniFile.parse(FILE, unfold(text));
    IniFile.Entry last = ini.entries().getLast();
    assertEquals("s", last.section());
    assertEquals("k", last.name());
    assertEquals(unfold(expected), last.value());
  }

  @ParameterizedTest
  @ValueSource(strings = {"[s]~#k = x~;k = y~", "", "~~  ~", "[s]~k~", "[]~"})
  void noEntries(String text) throws ConfigurationException {
    assertEquals(List.of(), IniFile.parse(FILE, unfold(text)).entries());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"[s]~k = a~[t|3", "[s~t]|1", "[s]~~=y~|3", "[s]~  = y~|2"})
  void brokenSyntaxIsAnErrorThatNamesTheLine(String text, int line) {
    var e = assertThrows(ConfigurationException.class, () -> IniFile.parse(FILE, unfold(text)));
    assertTrue(e.getMessage().startsWith("x.conf:" + line + ": "), e.getMessage());
  }

  @Test
  void linesThatArePassedOverAreNamed() throws ConfigurationException {
    List<Remark> remarks = IniFile.parse(FILE, "[s]\nfoo bar\n[t] x\n").remarks();
    assertEquals(
        List.of(
            "x.conf:2: line without \"=\" is ignored: \"foo bar\"",
            "x.conf:3: text after the section header is ignored: \"x\""),
        remarks.stream().map(Remark::text).toList());
  }

  @Test
  void lineNumbersCountJoinedLines() throws ConfigurationException {
    List<IniFile.Entry> entries = IniFile.parse(FILE, "[s]\na = 1 \\\n2\nb = 3\n").entries();
    assertEquals(List.of(2, 4), entries.stream().map(IniFile.Entry::line).toList());
  }

  private static String unfold(String text) {
    return text.replace('~', '\n').replace('^', '\t');
  }
}
