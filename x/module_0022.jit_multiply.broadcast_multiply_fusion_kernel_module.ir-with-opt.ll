; ModuleID = '__compute_module_broadcast_multiply_fusion_kernel_module'
source_filename = "__compute_module_broadcast_multiply_fusion_kernel_module"
target datalayout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128"
target triple = "x86_64-unknown-linux-gnu"

; Function Attrs: mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, target_mem: none) uwtable
define noalias noundef ptr @broadcast_multiply_fusion(ptr nofree readonly captures(none) %0) local_unnamed_addr #0 {
broadcast_multiply_fusion_wrapped.exit:
  %1 = getelementptr inbounds nuw i8, ptr %0, i64 24
  %2 = load ptr, ptr %1, align 8, !invariant.load !3
  %3 = load ptr, ptr %2, align 8, !invariant.load !3, !dereferenceable !4
  %4 = getelementptr inbounds nuw i8, ptr %2, i64 16
  %5 = load ptr, ptr %4, align 8, !invariant.load !3, !dereferenceable !5
  %6 = getelementptr inbounds nuw i8, ptr %2, i64 32
  %7 = load ptr, ptr %6, align 8, !invariant.load !3, !dereferenceable !4
  tail call void @llvm.experimental.noalias.scope.decl(metadata !6)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !9)
  tail call void @llvm.experimental.noalias.scope.decl(metadata !11)
  %8 = load float, ptr %5, align 4, !invariant.load !3, !alias.scope !9, !noalias !13
  %9 = load float, ptr %3, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %10 = fmul float %8, %9
  store float %10, ptr %7, align 4, !alias.scope !11, !noalias !15
  %11 = getelementptr inbounds nuw i8, ptr %3, i64 4
  %12 = load float, ptr %11, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %13 = fmul float %8, %12
  %14 = getelementptr inbounds nuw i8, ptr %7, i64 4
  store float %13, ptr %14, align 4, !alias.scope !11, !noalias !15
  %15 = getelementptr inbounds nuw i8, ptr %3, i64 8
  %16 = load float, ptr %15, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %17 = fmul float %8, %16
  %18 = getelementptr inbounds nuw i8, ptr %7, i64 8
  store float %17, ptr %18, align 4, !alias.scope !11, !noalias !15
  %19 = getelementptr inbounds nuw i8, ptr %3, i64 12
  %20 = load float, ptr %19, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %21 = fmul float %8, %20
  %22 = getelementptr inbounds nuw i8, ptr %7, i64 12
  store float %21, ptr %22, align 4, !alias.scope !11, !noalias !15
  %23 = getelementptr inbounds nuw i8, ptr %3, i64 16
  %24 = load float, ptr %23, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %25 = fmul float %8, %24
  %26 = getelementptr inbounds nuw i8, ptr %7, i64 16
  store float %25, ptr %26, align 4, !alias.scope !11, !noalias !15
  %27 = getelementptr inbounds nuw i8, ptr %3, i64 20
  %28 = load float, ptr %27, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %29 = fmul float %8, %28
  %30 = getelementptr inbounds nuw i8, ptr %7, i64 20
  store float %29, ptr %30, align 4, !alias.scope !11, !noalias !15
  %31 = getelementptr inbounds nuw i8, ptr %3, i64 24
  %32 = load float, ptr %31, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %33 = fmul float %8, %32
  %34 = getelementptr inbounds nuw i8, ptr %7, i64 24
  store float %33, ptr %34, align 4, !alias.scope !11, !noalias !15
  %35 = getelementptr inbounds nuw i8, ptr %3, i64 28
  %36 = load float, ptr %35, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %37 = fmul float %8, %36
  %38 = getelementptr inbounds nuw i8, ptr %7, i64 28
  store float %37, ptr %38, align 4, !alias.scope !11, !noalias !15
  %39 = getelementptr inbounds nuw i8, ptr %3, i64 32
  %40 = load float, ptr %39, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %41 = fmul float %8, %40
  %42 = getelementptr inbounds nuw i8, ptr %7, i64 32
  store float %41, ptr %42, align 4, !alias.scope !11, !noalias !15
  %43 = getelementptr inbounds nuw i8, ptr %3, i64 36
  %44 = load float, ptr %43, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %45 = fmul float %8, %44
  %46 = getelementptr inbounds nuw i8, ptr %7, i64 36
  store float %45, ptr %46, align 4, !alias.scope !11, !noalias !15
  %47 = getelementptr inbounds nuw i8, ptr %3, i64 40
  %48 = load float, ptr %47, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %49 = fmul float %8, %48
  %50 = getelementptr inbounds nuw i8, ptr %7, i64 40
  store float %49, ptr %50, align 4, !alias.scope !11, !noalias !15
  %51 = getelementptr inbounds nuw i8, ptr %3, i64 44
  %52 = load float, ptr %51, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %53 = fmul float %8, %52
  %54 = getelementptr inbounds nuw i8, ptr %7, i64 44
  store float %53, ptr %54, align 4, !alias.scope !11, !noalias !15
  %55 = getelementptr inbounds nuw i8, ptr %3, i64 48
  %56 = load float, ptr %55, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %57 = fmul float %8, %56
  %58 = getelementptr inbounds nuw i8, ptr %7, i64 48
  store float %57, ptr %58, align 4, !alias.scope !11, !noalias !15
  %59 = getelementptr inbounds nuw i8, ptr %3, i64 52
  %60 = load float, ptr %59, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %61 = fmul float %8, %60
  %62 = getelementptr inbounds nuw i8, ptr %7, i64 52
  store float %61, ptr %62, align 4, !alias.scope !11, !noalias !15
  %63 = getelementptr inbounds nuw i8, ptr %3, i64 56
  %64 = load float, ptr %63, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %65 = fmul float %8, %64
  %66 = getelementptr inbounds nuw i8, ptr %7, i64 56
  store float %65, ptr %66, align 4, !alias.scope !11, !noalias !15
  %67 = getelementptr inbounds nuw i8, ptr %3, i64 60
  %68 = load float, ptr %67, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %69 = fmul float %8, %68
  %70 = getelementptr inbounds nuw i8, ptr %7, i64 60
  store float %69, ptr %70, align 4, !alias.scope !11, !noalias !15
  %71 = getelementptr inbounds nuw i8, ptr %3, i64 64
  %72 = load float, ptr %71, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %73 = fmul float %8, %72
  %74 = getelementptr inbounds nuw i8, ptr %7, i64 64
  store float %73, ptr %74, align 4, !alias.scope !11, !noalias !15
  %75 = getelementptr inbounds nuw i8, ptr %3, i64 68
  %76 = load float, ptr %75, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %77 = fmul float %8, %76
  %78 = getelementptr inbounds nuw i8, ptr %7, i64 68
  store float %77, ptr %78, align 4, !alias.scope !11, !noalias !15
  %79 = getelementptr inbounds nuw i8, ptr %3, i64 72
  %80 = load float, ptr %79, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %81 = fmul float %8, %80
  %82 = getelementptr inbounds nuw i8, ptr %7, i64 72
  store float %81, ptr %82, align 4, !alias.scope !11, !noalias !15
  %83 = getelementptr inbounds nuw i8, ptr %3, i64 76
  %84 = load float, ptr %83, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %85 = fmul float %8, %84
  %86 = getelementptr inbounds nuw i8, ptr %7, i64 76
  store float %85, ptr %86, align 4, !alias.scope !11, !noalias !15
  %87 = getelementptr inbounds nuw i8, ptr %3, i64 80
  %88 = load float, ptr %87, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %89 = fmul float %8, %88
  %90 = getelementptr inbounds nuw i8, ptr %7, i64 80
  store float %89, ptr %90, align 4, !alias.scope !11, !noalias !15
  %91 = getelementptr inbounds nuw i8, ptr %3, i64 84
  %92 = load float, ptr %91, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %93 = fmul float %8, %92
  %94 = getelementptr inbounds nuw i8, ptr %7, i64 84
  store float %93, ptr %94, align 4, !alias.scope !11, !noalias !15
  %95 = getelementptr inbounds nuw i8, ptr %3, i64 88
  %96 = load float, ptr %95, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %97 = fmul float %8, %96
  %98 = getelementptr inbounds nuw i8, ptr %7, i64 88
  store float %97, ptr %98, align 4, !alias.scope !11, !noalias !15
  %99 = getelementptr inbounds nuw i8, ptr %3, i64 92
  %100 = load float, ptr %99, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %101 = fmul float %8, %100
  %102 = getelementptr inbounds nuw i8, ptr %7, i64 92
  store float %101, ptr %102, align 4, !alias.scope !11, !noalias !15
  %103 = getelementptr inbounds nuw i8, ptr %3, i64 96
  %104 = load float, ptr %103, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %105 = fmul float %8, %104
  %106 = getelementptr inbounds nuw i8, ptr %7, i64 96
  store float %105, ptr %106, align 4, !alias.scope !11, !noalias !15
  %107 = getelementptr inbounds nuw i8, ptr %3, i64 100
  %108 = load float, ptr %107, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %109 = fmul float %8, %108
  %110 = getelementptr inbounds nuw i8, ptr %7, i64 100
  store float %109, ptr %110, align 4, !alias.scope !11, !noalias !15
  %111 = getelementptr inbounds nuw i8, ptr %3, i64 104
  %112 = load float, ptr %111, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %113 = fmul float %8, %112
  %114 = getelementptr inbounds nuw i8, ptr %7, i64 104
  store float %113, ptr %114, align 4, !alias.scope !11, !noalias !15
  %115 = getelementptr inbounds nuw i8, ptr %3, i64 108
  %116 = load float, ptr %115, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %117 = fmul float %8, %116
  %118 = getelementptr inbounds nuw i8, ptr %7, i64 108
  store float %117, ptr %118, align 4, !alias.scope !11, !noalias !15
  %119 = getelementptr inbounds nuw i8, ptr %3, i64 112
  %120 = load float, ptr %119, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %121 = fmul float %8, %120
  %122 = getelementptr inbounds nuw i8, ptr %7, i64 112
  store float %121, ptr %122, align 4, !alias.scope !11, !noalias !15
  %123 = getelementptr inbounds nuw i8, ptr %3, i64 116
  %124 = load float, ptr %123, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %125 = fmul float %8, %124
  %126 = getelementptr inbounds nuw i8, ptr %7, i64 116
  store float %125, ptr %126, align 4, !alias.scope !11, !noalias !15
  %127 = getelementptr inbounds nuw i8, ptr %3, i64 120
  %128 = load float, ptr %127, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %129 = fmul float %8, %128
  %130 = getelementptr inbounds nuw i8, ptr %7, i64 120
  store float %129, ptr %130, align 4, !alias.scope !11, !noalias !15
  %131 = getelementptr inbounds nuw i8, ptr %3, i64 124
  %132 = load float, ptr %131, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %133 = fmul float %8, %132
  %134 = getelementptr inbounds nuw i8, ptr %7, i64 124
  store float %133, ptr %134, align 4, !alias.scope !11, !noalias !15
  %135 = getelementptr inbounds nuw i8, ptr %3, i64 128
  %136 = load float, ptr %135, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %137 = fmul float %8, %136
  %138 = getelementptr inbounds nuw i8, ptr %7, i64 128
  store float %137, ptr %138, align 4, !alias.scope !11, !noalias !15
  %139 = getelementptr inbounds nuw i8, ptr %3, i64 132
  %140 = load float, ptr %139, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %141 = fmul float %8, %140
  %142 = getelementptr inbounds nuw i8, ptr %7, i64 132
  store float %141, ptr %142, align 4, !alias.scope !11, !noalias !15
  %143 = getelementptr inbounds nuw i8, ptr %3, i64 136
  %144 = load float, ptr %143, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %145 = fmul float %8, %144
  %146 = getelementptr inbounds nuw i8, ptr %7, i64 136
  store float %145, ptr %146, align 4, !alias.scope !11, !noalias !15
  %147 = getelementptr inbounds nuw i8, ptr %3, i64 140
  %148 = load float, ptr %147, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %149 = fmul float %8, %148
  %150 = getelementptr inbounds nuw i8, ptr %7, i64 140
  store float %149, ptr %150, align 4, !alias.scope !11, !noalias !15
  %151 = getelementptr inbounds nuw i8, ptr %3, i64 144
  %152 = load float, ptr %151, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %153 = fmul float %8, %152
  %154 = getelementptr inbounds nuw i8, ptr %7, i64 144
  store float %153, ptr %154, align 4, !alias.scope !11, !noalias !15
  %155 = getelementptr inbounds nuw i8, ptr %3, i64 148
  %156 = load float, ptr %155, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %157 = fmul float %8, %156
  %158 = getelementptr inbounds nuw i8, ptr %7, i64 148
  store float %157, ptr %158, align 4, !alias.scope !11, !noalias !15
  %159 = getelementptr inbounds nuw i8, ptr %3, i64 152
  %160 = load float, ptr %159, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %161 = fmul float %8, %160
  %162 = getelementptr inbounds nuw i8, ptr %7, i64 152
  store float %161, ptr %162, align 4, !alias.scope !11, !noalias !15
  %163 = getelementptr inbounds nuw i8, ptr %3, i64 156
  %164 = load float, ptr %163, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %165 = fmul float %8, %164
  %166 = getelementptr inbounds nuw i8, ptr %7, i64 156
  store float %165, ptr %166, align 4, !alias.scope !11, !noalias !15
  %167 = getelementptr inbounds nuw i8, ptr %3, i64 160
  %168 = load float, ptr %167, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %169 = fmul float %8, %168
  %170 = getelementptr inbounds nuw i8, ptr %7, i64 160
  store float %169, ptr %170, align 4, !alias.scope !11, !noalias !15
  %171 = getelementptr inbounds nuw i8, ptr %3, i64 164
  %172 = load float, ptr %171, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %173 = fmul float %8, %172
  %174 = getelementptr inbounds nuw i8, ptr %7, i64 164
  store float %173, ptr %174, align 4, !alias.scope !11, !noalias !15
  %175 = getelementptr inbounds nuw i8, ptr %3, i64 168
  %176 = load float, ptr %175, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %177 = fmul float %8, %176
  %178 = getelementptr inbounds nuw i8, ptr %7, i64 168
  store float %177, ptr %178, align 4, !alias.scope !11, !noalias !15
  %179 = getelementptr inbounds nuw i8, ptr %3, i64 172
  %180 = load float, ptr %179, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %181 = fmul float %8, %180
  %182 = getelementptr inbounds nuw i8, ptr %7, i64 172
  store float %181, ptr %182, align 4, !alias.scope !11, !noalias !15
  %183 = getelementptr inbounds nuw i8, ptr %3, i64 176
  %184 = load float, ptr %183, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %185 = fmul float %8, %184
  %186 = getelementptr inbounds nuw i8, ptr %7, i64 176
  store float %185, ptr %186, align 4, !alias.scope !11, !noalias !15
  %187 = getelementptr inbounds nuw i8, ptr %3, i64 180
  %188 = load float, ptr %187, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %189 = fmul float %8, %188
  %190 = getelementptr inbounds nuw i8, ptr %7, i64 180
  store float %189, ptr %190, align 4, !alias.scope !11, !noalias !15
  %191 = getelementptr inbounds nuw i8, ptr %3, i64 184
  %192 = load float, ptr %191, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %193 = fmul float %8, %192
  %194 = getelementptr inbounds nuw i8, ptr %7, i64 184
  store float %193, ptr %194, align 4, !alias.scope !11, !noalias !15
  %195 = getelementptr inbounds nuw i8, ptr %3, i64 188
  %196 = load float, ptr %195, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %197 = fmul float %8, %196
  %198 = getelementptr inbounds nuw i8, ptr %7, i64 188
  store float %197, ptr %198, align 4, !alias.scope !11, !noalias !15
  %199 = getelementptr inbounds nuw i8, ptr %3, i64 192
  %200 = load float, ptr %199, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %201 = fmul float %8, %200
  %202 = getelementptr inbounds nuw i8, ptr %7, i64 192
  store float %201, ptr %202, align 4, !alias.scope !11, !noalias !15
  %203 = getelementptr inbounds nuw i8, ptr %3, i64 196
  %204 = load float, ptr %203, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %205 = fmul float %8, %204
  %206 = getelementptr inbounds nuw i8, ptr %7, i64 196
  store float %205, ptr %206, align 4, !alias.scope !11, !noalias !15
  %207 = getelementptr inbounds nuw i8, ptr %3, i64 200
  %208 = load float, ptr %207, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %209 = fmul float %8, %208
  %210 = getelementptr inbounds nuw i8, ptr %7, i64 200
  store float %209, ptr %210, align 4, !alias.scope !11, !noalias !15
  %211 = getelementptr inbounds nuw i8, ptr %3, i64 204
  %212 = load float, ptr %211, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %213 = fmul float %8, %212
  %214 = getelementptr inbounds nuw i8, ptr %7, i64 204
  store float %213, ptr %214, align 4, !alias.scope !11, !noalias !15
  %215 = getelementptr inbounds nuw i8, ptr %3, i64 208
  %216 = load float, ptr %215, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %217 = fmul float %8, %216
  %218 = getelementptr inbounds nuw i8, ptr %7, i64 208
  store float %217, ptr %218, align 4, !alias.scope !11, !noalias !15
  %219 = getelementptr inbounds nuw i8, ptr %3, i64 212
  %220 = load float, ptr %219, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %221 = fmul float %8, %220
  %222 = getelementptr inbounds nuw i8, ptr %7, i64 212
  store float %221, ptr %222, align 4, !alias.scope !11, !noalias !15
  %223 = getelementptr inbounds nuw i8, ptr %3, i64 216
  %224 = load float, ptr %223, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %225 = fmul float %8, %224
  %226 = getelementptr inbounds nuw i8, ptr %7, i64 216
  store float %225, ptr %226, align 4, !alias.scope !11, !noalias !15
  %227 = getelementptr inbounds nuw i8, ptr %3, i64 220
  %228 = load float, ptr %227, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %229 = fmul float %8, %228
  %230 = getelementptr inbounds nuw i8, ptr %7, i64 220
  store float %229, ptr %230, align 4, !alias.scope !11, !noalias !15
  %231 = getelementptr inbounds nuw i8, ptr %3, i64 224
  %232 = load float, ptr %231, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %233 = fmul float %8, %232
  %234 = getelementptr inbounds nuw i8, ptr %7, i64 224
  store float %233, ptr %234, align 4, !alias.scope !11, !noalias !15
  %235 = getelementptr inbounds nuw i8, ptr %3, i64 228
  %236 = load float, ptr %235, align 4, !invariant.load !3, !alias.scope !6, !noalias !14
  %237 = fmul float %8, %236
  %238 = getelementptr inbounds nuw i8, ptr %7, i64 228
  store float %237, ptr %238, align 4, !alias.scope !11, !noalias !15
  ret ptr null
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite)
declare void @llvm.experimental.noalias.scope.decl(metadata) #1

attributes #0 = { mustprogress nofree norecurse nosync nounwind willreturn memory(readwrite, target_mem: none) uwtable "frame-pointer"="all" "prefer-vector-width"="256" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(inaccessiblemem: readwrite) }

!llvm.module.flags = !{!0, !1}
!xla_cpu_memory_region_name = !{!2}

!0 = !{i32 2, !"Debug Info Version", i32 3}
!1 = !{i32 1, !"xla_dylib_index", i64 0}
!2 = !{!"xla_cpu_emitter__loop_fusion_kernel_emitter__hlo_opcode__fusion"}
!3 = !{}
!4 = !{i64 232}
!5 = !{i64 4}
!6 = !{!7}
!7 = distinct !{!7, !8, !"broadcast_multiply_fusion_wrapped: argument 0"}
!8 = distinct !{!8, !"broadcast_multiply_fusion_wrapped"}
!9 = !{!10}
!10 = distinct !{!10, !8, !"broadcast_multiply_fusion_wrapped: argument 1"}
!11 = !{!12}
!12 = distinct !{!12, !8, !"broadcast_multiply_fusion_wrapped: argument 2"}
!13 = !{!7, !12}
!14 = !{!10, !12}
!15 = !{!7, !10}
