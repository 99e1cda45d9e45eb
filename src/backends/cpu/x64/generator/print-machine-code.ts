/** Text of machine code over virtual registers, with the registers they were given: for the README, tests and debugging. */
import { type Label, registerName, registers } from "../assembler/index.ts";
import type { MachineFunction, MachineInstruction, MachineOperand, VirtualRegister } from "./machine-code.ts";

const letters = { gpr: "g", vec: "v", mask: "m" } as const;

function name({ class: kind, id }: VirtualRegister): string {
  return `${letters[kind]}${id}`;
}

function operandText(operand: MachineOperand): string {
  if (typeof operand === "number") return String(operand);
  const mask = operand.mask === null ? "" : `{${name(operand.mask)}}${operand.op === "register" && operand.zeroing ? "{z}" : ""}`;
  if (operand.op === "register") return `${name(operand.value)}${mask}`;
  const parts = [
    ...(operand.label === null ? [] : ["constant"]),
    ...(operand.base === null ? [] : [name(operand.base)]),
    ...(operand.index === null ? [] : [`${name(operand.index)}*${operand.scale}`]),
    ...(operand.disp === 0 && operand.label === null ? [] : operand.disp === 0 ? [] : [String(operand.disp)]),
  ];
  return `[${parts.join("+")}]${operand.broadcast > 0 ? "{bcst}" : ""}${mask}`;
}

/** One line per instruction; labels are numbered in the order in which they stand. */
export function printMachineCode(fn: MachineFunction): string {
  const labels = new Map<Label, string>();
  for (const instruction of fn.code) if (instruction.op === "label") labels.set(instruction.label, `L${labels.size}`);
  const line = (instruction: MachineInstruction): string => {
    switch (instruction.op) {
      case "plain":
        return `  ${instruction.mnemonic} ${instruction.operands.map(operandText).join(", ")}`;
      case "label":
        return `${labels.get(instruction.label)}:`;
      case "jump":
        return `  ${instruction.mnemonic} ${labels.get(instruction.target)}`;
      case "entry":
        return `  entry ${instruction.parameters.map(name).join(", ")}`;
      case "divide":
        return `  ${instruction.quotient ? "quotient" : "remainder"} ${[instruction.result, instruction.x, instruction.y].map(name).join(", ")}`;
      case "call":
        return `  call ${[instruction.result, ...instruction.args].map(name).join(", ")}`;
    }
  };
  return fn.code.map(line).join("\n");
}

/** Where each virtual register of an allocated function lives: `v5 zmm0`, or `v6 [slot]`. */
export function printAllocation(fn: MachineFunction): string {
  const place = (register: VirtualRegister): string => {
    if (register.register < 0) return register.slot < 0 ? "nowhere" : `[rsp+${register.slot}]`;
    if (register.class === "mask") return `k${register.register}`;
    const kind = register.class === "gpr" ? "r64" : register.bytes === 64 ? "zmm" : register.bytes === 32 ? "ymm" : "xmm";
    return registerName(registers[kind][register.register]!);
  };
  return fn.registers.map((register) => `${name(register)} ${place(register)}`).join(", ");
}
