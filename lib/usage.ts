/**
 * What is wrong with a command line. It stands for itself, so that a program can
 * do without the package that flags are read with.
 *
 * @module
 */

/** A command line is wrong; the message says how. */
export class UsageError extends Error {}
