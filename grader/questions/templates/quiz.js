"use strict";
{
  const quiz = document.getElementById("quiz");
  const forms = Array.from(quiz.querySelectorAll("form"));
  const score = document.getElementById("score");
  const answers = {};  // the option chosen first, where the page says why
  let right = 0;
  // choices outlive a reload, which not every browser sees to
  const kept = `${location.pathname} ${quiz.dataset.submission} ${quiz.dataset.seed}`;

  const keep = () => {
    try {
      sessionStorage.setItem(kept, JSON.stringify(answers));
    } catch {
      // this browser keeps nothing for this page
    }
  };

  const restore = () => {
    let before;
    try {
      before = JSON.parse(sessionStorage.getItem(kept)) ?? {};
    } catch {
      return;
    }
    for (const form of forms) {
      const chosen = form.querySelector(`input[value="${before[form.dataset.question]}"]`);
      if (!chosen) continue;
      chosen.checked = true;
      answers[form.dataset.question] = Number(chosen.value);
    }
  };

  const tell = () => {
    const count = Object.keys(answers).length;
    const known = quiz.querySelector(".why") !== null;
    score.textContent = known && count === forms.length
      ? `${right} of ${count} right.`
      : `${count} of ${forms.length} questions answered.`;
  };

  const check = (form) => {
    const chosen = form.querySelector("input:checked");
    if (!chosen || form.dataset.question in answers) return;
    answers[form.dataset.question] = Number(chosen.value);
    form.querySelector("fieldset").disabled = true;
    form.querySelector("button").hidden = true;
    const why = form.querySelector(`.why[data-option="${chosen.value}"]`);
    right += Number(why.dataset.right === "yes");
    const outcome = form.querySelector(".outcome");
    outcome.append(...Array.from(why.children, (one) => one.cloneNode(true)));
    outcome.tabIndex = -1;
    outcome.focus();  // the button that had the focus is gone
    tell();
  };

  forms.forEach((form) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (form.querySelector(".why")) check(form);
    });
    form.addEventListener("change", (event) => {
      if (form.querySelector(".why")) return;
      answers[form.dataset.question] = Number(event.target.value);
      keep();
      tell();
    });
  });

  document.getElementById("save").addEventListener("click", () => {
    const saved = {
      submission: quiz.dataset.submission, seed: Number(quiz.dataset.seed), answers,
    };
    const link = document.createElement("a");
    const file = new Blob([JSON.stringify(saved, null, 1)], { type: "application/json" });
    link.href = URL.createObjectURL(file);
    link.download = quiz.dataset.file;
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);  // Safari reads the file later
  });
  if (quiz.querySelector(".why") === null) restore();  // self-study begins anew
  tell();
}
