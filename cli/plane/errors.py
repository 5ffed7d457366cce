"""What can go wrong while reading a template or running the plane; each says what to do."""

from scorelet.errors import ScoreletError


class TemplateError(ScoreletError):
    """template.yaml cannot be read, or uses something the plane does not know."""

    code = "bad_template"
    remedy = "Run `sam validate --lint`; if that passes, teach cli/plane/template the missing piece."


class EndlessLoop(ScoreletError):
    """Events keep causing events: the stack never comes to rest."""

    code = "endless_loop"
    remedy = "Look for an output that matches its own trigger: compare the rule's pattern with the written keys."


class ExpressionError(ScoreletError):
    """A metric math expression, alarm rule, schedule or pattern that cannot be read."""

    code = "bad_expression"
    remedy = "Correct the expression in template.yaml, or teach the plane the missing function."
