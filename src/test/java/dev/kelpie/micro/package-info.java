/// What small parts of the product cost, measured with JMH: time and allocated bytes of each
/// operation. `bench/micro` runs them. Whoever changes one of these parts shows its numbers from
/// before and after.
///
/// The classes are public and not final because JMH's generated code is in a package of its own and
/// extends them.
@NullMarked
package dev.kelpie.micro;

import org.jspecify.annotations.NullMarked;
