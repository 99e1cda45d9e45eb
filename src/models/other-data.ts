/** What is said of data that a run cannot go on with. */
import { ValueError } from "../errors.ts";

/** The error of a run that is to go on with other data. */
export function otherData(where: string, expected: string, received: string): ValueError {
  return new ValueError({
    where,
    problem: "the data is not that of the interrupted run",
    expected,
    received,
    advice: "pass the same data with the same batch size, or remove the backup",
  });
}
