"""MLServer with onnxruntime: a model class of ours, the Open Inference Protocol of theirs."""

from __future__ import annotations

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse

from bench.peers.onnx_net import session


class Iris(MLModel):
    """Float32 [n, 4] in, probabilities [n, 3] out."""

    async def load(self) -> bool:
        """Make the session."""
        self._session = session()
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer one tensor."""
        rows = NumpyCodec.decode_input(payload.inputs[0])
        (probabilities,) = self._session.run(None, {"x": rows.astype("float32")})
        outputs = [NumpyCodec.encode_output("probabilities", probabilities)]
        return InferenceResponse(model_name=self.name, outputs=outputs)
