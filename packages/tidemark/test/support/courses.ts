import type { Event, NewEvent } from "tidemark";

/** Courses with a capacity, students with a limit: what a decision by tags is for. */
export type CourseEvent = Event<"CourseOffered", { capacity: number }> | Event<"SeatTaken", object> | Event<"StudentLeft", object>;

export function offered(course: string, capacity = 1): NewEvent<CourseEvent> {
  return { type: "CourseOffered", data: { capacity }, tags: [`course:${course}`] };
}

export function seatTaken(course: string, student: string): NewEvent<CourseEvent> {
  return { type: "SeatTaken", data: {}, tags: [`course:${course}`, `student:${student}`] };
}

/** What a seat's append demands: nobody has taken this one. */
export function seatOf(course: string) {
  return [{ types: ["SeatTaken" as const], tags: [`course:${course}`] }];
}
