/// Tests that start the real programs, from the distribution that the build has just made, and talk
/// to them with real clients. Classes called `*IT`; `mvn verify` and `bin/test` run them.
///
/// [SheepProcess] is a daemon under test, [Ran] a command that ran to its end.
@NullMarked
package dev.kelpie.it;

import org.jspecify.annotations.NullMarked;
