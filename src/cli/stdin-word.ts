/** Stands for "-", stdin, while yargs sorts the words of the command line. */
export const STDIN_WORD = '\0stdin'
